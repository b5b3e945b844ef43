import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim as torch_ms_ssim
from skimage.metrics import structural_similarity

from upocr_mm.evaluation.functional import ms_ssim, ssim
from upocr_mm.evaluation.functional.structural_similarity import similarities


def _pair(seed, size):
    rng = np.random.RandomState(seed)
    gt = rng.uniform(0, 255, size)
    # smooth, so that the coarse scales have structure as well
    gt = sum(
        np.roll(gt, (dy, dx), (0, 1)) for dy in range(6)
        for dx in range(6)) / 36
    gt = (gt - gt.min()) / (gt.max() - gt.min()) * 255
    return np.clip(gt + 12 * rng.standard_normal(size), 0, 255), gt


@pytest.mark.parametrize('size', [(40, 60), (181, 200)])
def test_ssim_is_that_of_scikit_image(size):
    pred, gt = _pair(0, size)
    _, full = structural_similarity(
        pred,
        gt,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True)
    # Only where the window fits; scikit-image's is the same 11x11.
    assert ssim(pred, gt) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-9)


@pytest.mark.parametrize('size', [(176, 176), (208, 256)])
def test_ms_ssim_is_that_of_pytorch_msssim(size):
    """(torchmetrics lets the padded border into the coarsest scale.)"""
    pred, gt = _pair(1, size)
    expected = torch_ms_ssim(
        *(torch.from_numpy(image)[None, None] for image in (pred, gt)),
        data_range=255)
    assert ms_ssim(pred, gt) == pytest.approx(float(expected), abs=1e-6)


def test_odd_rows_are_left_out():
    pred, gt = _pair(1, (177, 177))
    whole = similarities(pred, gt)[0]
    part = similarities(pred[:176, :176], gt[:176, :176])[0]
    # The finest scale sees all pixels, the others those of 176x176.
    assert ms_ssim(pred, gt) == pytest.approx(
        ms_ssim(pred[:176, :176], gt[:176, :176]) * (whole / part)**0.0448,
        abs=1e-12)


def test_identical_images():
    _, gt = _pair(2, (180, 180))
    assert ssim(gt, gt) == pytest.approx(1, abs=1e-12)
    assert ms_ssim(gt, gt) == pytest.approx(1, abs=1e-12)


def test_negative_correlation_counts_as_zero():
    _, gt = _pair(3, (180, 180))
    assert ssim(255 - gt, gt) < 0
    assert ms_ssim(255 - gt, gt) == 0


def test_small_images():
    with pytest.raises(ValueError, match='at least 176 pixels'):
        ms_ssim(np.zeros((175, 300)), np.zeros((175, 300)))
    with pytest.raises(ValueError, match='at least 11 pixels'):
        ssim(np.zeros((10, 300)), np.zeros((10, 300)))
