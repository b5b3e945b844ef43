import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from upocr_mm.evaluation.functional import (average_strict_scores,
                                            strict_removal_scores)


def _gray(level, size=(20, 30)):
    return np.full((3, *size), level / 255, dtype=np.float64)


def test_by_hand():
    gt = _gray(100)
    pred = gt.copy()
    # a cross of 5 pixels, of which only the middle is clustered; and a pixel
    # off by exactly 20, which is no error
    for y, x in ((5, 5), (4, 5), (6, 5), (5, 4), (5, 6)):
        pred[:, y, x] = 121 / 255
    pred[:, 10, 10] = 120 / 255
    scores = strict_removal_scores(pred, gt)
    area = 20 * 30
    assert scores['peps'] == pytest.approx(5 / area)
    assert scores['pceps'] == pytest.approx(1 / area)
    assert scores['age'] == pytest.approx((5 * 21 + 20) / area)
    assert scores['mse'] == pytest.approx((5 * 21**2 + 20**2) / area / 255**2)
    assert scores['psnr'] == pytest.approx(-10 * np.log10(scores['mse']))
    assert 'ms_ssim' not in scores


def test_border_pixels_are_not_clustered():
    gt, pred = _gray(0), _gray(0)
    pred[:, :, :1] = 1
    assert strict_removal_scores(pred, gt)['pceps'] == 0
    pred[:, :, 1:3] = 1
    scores = strict_removal_scores(pred, gt)
    # of the three columns only the middle one, without its ends
    assert scores['pceps'] == pytest.approx(18 / 600)


def test_nothing_is_quantized():
    gt = _gray(100)
    pred = gt + .4 / 255
    scores = strict_removal_scores(pred, gt)
    assert scores['age'] == pytest.approx(.4)
    assert scores['psnr'] == pytest.approx(
        peak_signal_noise_ratio(gt, pred, data_range=1))


def test_any_size_is_its_own():
    rng = np.random.RandomState(0)
    gt = rng.uniform(0, 1, (3, 190, 333))
    scores = strict_removal_scores(np.clip(gt + .1, 0, 1), gt)
    assert 0 < scores['ms_ssim'] < 1
    # Twice the picture has the same fractions.
    twice = strict_removal_scores(
        np.tile(np.clip(gt + .1, 0, 1), (1, 2, 1)), np.tile(gt, (1, 2, 1)))
    assert twice['peps'] == pytest.approx(scores['peps'])
    assert twice['mse'] == pytest.approx(scores['mse'])


def test_average():
    gt = _gray(100)
    same = strict_removal_scores(gt, gt)
    other = strict_removal_scores(_gray(110), gt)
    assert same['psnr'] == np.inf
    averages = average_strict_scores([same, other])
    assert averages['psnr'] == other['psnr']
    assert averages['mse'] == other['mse'] / 2
    assert averages['age'] == pytest.approx(5)
    assert average_strict_scores([same])['psnr'] == np.inf
    assert 'ms_ssim' not in averages
    averages = average_strict_scores([dict(same, ms_ssim=.5), other])
    assert averages['ms_ssim'] == .5


def test_shapes():
    with pytest.raises(ValueError, match=r'\(3, 20, 30\) and \(3, 20, 31\)'):
        strict_removal_scores(_gray(0), _gray(0, (20, 31)))
