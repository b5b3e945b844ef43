import numpy as np
import pytest

from upocr_mm.evaluation.functional import average_region_psnr, region_psnr


def test_region_psnr_by_hand():
    gt = np.zeros((3, 2, 2), np.float32)
    pred = gt.copy()
    pred[:, 0, 0] = .1  # inside: 20 dB
    pred[:, 1, 1] = .5  # outside: mean of .25 and 0 over 2 pixels
    region = np.array([[True, False], [False, False]])
    assert region_psnr(pred, gt, region) == pytest.approx(20)
    assert region_psnr(pred, gt,
                       ~region) == pytest.approx(10 * np.log10(3 / .25))


def test_region_psnr_is_not_quantized():
    gt = np.zeros((3, 4, 4), np.float32)
    region = np.ones((4, 4), bool)
    assert region_psnr(gt + np.float32(.001), gt, region) == pytest.approx(60)


def test_whole_region_agrees_with_scikit_image():
    metrics = pytest.importorskip('skimage.metrics')
    rng = np.random.RandomState(0)
    pred, gt = rng.rand(2, 3, 20, 30)
    assert region_psnr(pred, gt, np.ones((20, 30), bool)) == pytest.approx(
        metrics.peak_signal_noise_ratio(gt, pred, data_range=1))


def test_exact_and_empty_regions():
    image = np.zeros((3, 2, 2), np.float32)
    region = np.eye(2, dtype=bool)
    assert region_psnr(image, image, region) == float('inf')
    assert region_psnr(image, image, np.zeros((2, 2), bool)) is None


@pytest.mark.parametrize('values, expected', [
    ([20., 30.], 25.),
    ([20., None, float('inf'), 30.], 25.),
    ([None, float('inf')], float('inf')),
    ([None, None], None),
    ([], None),
])
def test_average(values, expected):
    assert average_region_psnr(values) == expected


def test_rejects_region_of_another_size():
    image = np.zeros((3, 2, 2), np.float32)
    with pytest.raises(ValueError, match=r'\(2, 3\)'):
        region_psnr(image, image, np.ones((2, 3), bool))
