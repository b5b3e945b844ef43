import json
from pathlib import Path

import numpy as np
import pytest
from parity_data import parity_image

from upocr_mm.evaluation.functional import (age, average_text_removal_scores,
                                            mse, mssim, pceps, peps, psnr,
                                            resize_shorter_side,
                                            text_removal_scores,
                                            truncate_to_uint8)

REFERENCE = json.loads(
    (Path(__file__).parents[2] / 'data/parity_metrics.json').read_text())


def _parity_pair(i):
    gt = parity_image(100 + i, 512, 512)
    pred = gt
    if i < 3:
        noise = np.random.RandomState(200 + i).standard_normal((3, 512, 512))
        pred = gt + 0.01 * (i + 1) * noise
        y, x = 60 + 40 * i, 90 + 50 * i
        pred[:, y:y + 60, x:x + 120] += 0.3 * parity_image(300 + i, 60, 120)
    return tuple(
        np.rint(255 * np.clip(v, 0, 1)).astype(np.uint8).transpose(1, 2, 0)
        for v in (pred, gt))


def _flat(gray, size=(512, 512)):
    return np.full((*size, 3), gray, np.uint8)


def _random_pair(seed, size):
    rng = np.random.RandomState(seed)
    gt = rng.randint(0, 256, (*size, 3)).astype(np.uint8)
    noise = rng.randint(-40, 41, gt.shape)
    return np.clip(gt + noise, 0, 255).astype(np.uint8), gt


@pytest.fixture(scope='module')
def parity_scores():
    return [text_removal_scores(*_parity_pair(i)) for i in range(4)]


@pytest.mark.parametrize('i', range(3))
def test_reproduces_reference_images(parity_scores, i):
    assert parity_scores[i] == pytest.approx(
        REFERENCE['removal_images'][i], abs=1e-6, rel=0)


def test_reproduces_reference_average_without_identical_pair(parity_scores):
    assert parity_scores[3]['mse'] == 0
    averages = average_text_removal_scores(parity_scores)
    assert averages.pop('skipped') == 1
    assert averages == pytest.approx(
        REFERENCE['removal_average'], abs=1e-6, rel=0)


def test_only_identical_pairs_give_the_perfect_score():
    scores = text_removal_scores(_flat(7), _flat(7))
    assert average_text_removal_scores([scores, scores]) == dict(
        psnr=float('inf'), mssim=1, mse=0, age=0, peps=0, pceps=0, skipped=2)


def test_single_functions_agree_with_all_scores():
    pred, gt = _random_pair(0, (512, 512))
    assert text_removal_scores(pred, gt) == dict(
        psnr=psnr(pred, gt),
        mssim=mssim(pred, gt),
        mse=mse(pred, gt),
        age=age(pred, gt),
        peps=peps(pred, gt),
        pceps=pceps(pred, gt))


def test_mse_by_hand():
    pred, gt = _flat(0, (2, 2)), _flat(0, (2, 2))
    pred[0, 0] = 255, 0, 51  # squared errors 1 and 0.04 of 12 values
    assert mse(pred, gt) == pytest.approx(1.04 / 12)
    assert psnr(pred, gt) == pytest.approx(10 * np.log10(12 / 1.04))


@pytest.mark.parametrize('difference, expected', [(20, 0.), (21, 1.)])
def test_error_pixels_exceed_20_gray_levels(difference, expected):
    assert age(_flat(100 + difference), _flat(100)) == difference
    assert peps(_flat(100 + difference), _flat(100)) == expected
    # the sign of the difference is of no importance
    assert peps(_flat(100), _flat(100 + difference)) == expected


def test_gray_weights_and_rounding():
    pred, gt = _flat(0), _flat(0)
    pred[..., 1] = 100  # 58.7 gray levels
    assert age(pred, gt) == 59
    pred[..., 1], pred[..., 2] = 0, 100  # 11.4 gray levels
    assert age(pred, gt) == 11


def test_clustered_error_pixels_exclude_border():
    area = 512 * 512
    assert pceps(_flat(255), _flat(0)) == 510 * 510 / area
    pred = _flat(0)
    # a cross of five error pixels has one clustered pixel, its center
    pred[10, 9:12] = 255
    pred[9:12, 10] = 255
    assert peps(pred, _flat(0)) == 5 / area
    assert pceps(pred, _flat(0)) == 1 / area


def test_error_counts_are_divided_by_the_benchmark_area():
    assert peps(_flat(255, (512, 1024)), _flat(0, (512, 1024))) == 2


@pytest.mark.parametrize('size, expected', [((256, 300), (512, 600)),
                                            ((700, 601), (596, 512)),
                                            ((512, 512), (512, 512)),
                                            ((512, 700), (512, 700))])
def test_resize_shorter_side(size, expected):
    image, _ = _random_pair(1, size)
    resized = resize_shorter_side(image)
    assert resized.shape == (*expected, 3) and resized.dtype == np.uint8
    if min(size) == 512:
        assert resized is image


def test_resize_is_antialiased_and_keeps_channels_apart():
    stripes = np.zeros((2048, 2048, 3), np.uint8)
    stripes[:, ::4, 0] = 200
    inner = resize_shorter_side(stripes)[:, 5:-5]
    assert np.abs(inner[..., 0].astype(int) - 50).max() <= 1
    assert not inner[..., 1:].any()


def test_scores_are_taken_after_the_resize():
    pred, gt = _random_pair(2, (256, 256))
    resized = resize_shorter_side(pred), resize_shorter_side(gt)
    assert text_removal_scores(pred, gt) == text_removal_scores(*resized)
    assert text_removal_scores(pred, gt)['mse'] != mse(pred, gt)


def test_truncation_not_rounding():
    values = np.array([-.5, 0, .999, 1, 1.7, 99.99 / 255, 100 / 255])
    assert truncate_to_uint8(values).tolist() == [0, 0, 254, 255, 255, 99, 100]


def test_truncation_gives_bytes_back():
    values = np.arange(256, dtype=np.float32) / 255
    assert truncate_to_uint8(values).tolist() == list(range(256))


def test_mssim_of_anticorrelated_images_is_zero():
    pred, _ = _random_pair(3, (64, 64))
    assert mssim(255 - pred, pred) == 0


@pytest.mark.parametrize('seed, size', [(0, (11, 11)), (1, (64, 96)),
                                        (2, (97, 33)), (3, (512, 512))])
def test_agrees_with_scikit_image(seed, size):
    metrics = pytest.importorskip('skimage.metrics')
    pred, gt = _random_pair(seed, size)
    assert psnr(pred, gt) == pytest.approx(
        metrics.peak_signal_noise_ratio(gt, pred, data_range=255))
    weights = np.array([.299, .587, .114])
    options = dict(
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255)
    ssim = metrics.structural_similarity(gt @ weights, pred @ weights,
                                         **options)
    # a huge K1 turns the luminance term into 1, which leaves CS
    cs = metrics.structural_similarity(
        gt @ weights, pred @ weights, K1=1e6, **options)
    assert mssim(pred, gt) == pytest.approx(cs**.8668 * ssim**.1333, abs=1e-6)


@pytest.mark.parametrize('function',
                         [mse, psnr, mssim, age, peps, text_removal_scores])
def test_rejects_bad_pairs(function):
    image = _flat(0, (16, 16))
    with pytest.raises(ValueError, match=r'\(16, 16, 3\) and \(16, 17, 3\)'):
        function(image, _flat(0, (16, 17)))
    with pytest.raises(TypeError, match='gt must be uint8, but got float32'):
        function(image, image.astype(np.float32))
    with pytest.raises(ValueError, match='pred must be an RGB image'):
        function(image[..., 0], image)


def test_mssim_rejects_images_smaller_than_the_window():
    with pytest.raises(ValueError, match='at least 11'):
        mssim(_flat(0, (10, 64)), _flat(0, (10, 64)))
