"""Image scores of text removal, in the arithmetic of published tables.

All functions take uint8 RGB images of shape (H, W, 3) and return plain
floats. They reproduce the evaluation of the SCUT-EnsText benchmark (EraseNet,
ViTEraser, UPOCR) number for number, its peculiarities included, because
scores are only worth comparing when they are computed alike.
"""
from __future__ import annotations

import cv2
import mmcv
import numpy as np

from .structural_similarity import similarities

# The benchmark's image size. The error counts are divided by its area even
# where an image that is not square leaves more pixels.
BENCHMARK_SIZE = 512
# A pixel is an error pixel if its gray levels differ by more than this.
ERROR_THRESHOLD = 20
# The first exponents of multi-scale SSIM, here put on one scale; see `mssim`.
CS_EXPONENT, SSIM_EXPONENT = 0.8668, 0.1333
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def truncate_to_uint8(image: np.ndarray) -> np.ndarray:
    """Turn a [0, 1] image into bytes as the benchmark stores predictions.

    The value is cut off, not rounded, which costs about 0.11 dB at 37 dB.

    Args:
        image: Float image; values outside [0, 1] are clamped.

    Returns:
        uint8 image of the same shape.
    """
    image = np.clip(image, 0, 1).astype(np.float32)
    return (image * np.float32(255)).astype(np.uint8)


def resize_shorter_side(image: np.ndarray,
                        size: int = BENCHMARK_SIZE) -> np.ndarray:
    """Resize an image so that its shorter side has a given length.

    The interpolation is Pillow's bicubic (with antialiasing); the longer side
    is rounded down.

    Args:
        image: uint8 RGB image of shape (H, W, 3).
        size: Wanted length in pixels of the shorter side.

    Returns:
        The resized image, or the image itself where nothing is to do.
    """
    height, width = image.shape[:2]
    shorter = min(height, width)
    if shorter == size:
        return image
    return mmcv.imresize(
        image, (size * width // shorter, size * height // shorter),
        interpolation='bicubic',
        backend='pillow')


def mse(pred: np.ndarray, gt: np.ndarray) -> float:
    """Mean squared error over pixels and channels of [0, 1] images.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3).
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        A value in [0, 1].
    """
    _check_pair(pred, gt)
    return cv2.norm(pred, gt, cv2.NORM_L2SQR) / (255**2 * pred.size)


def psnr(pred: np.ndarray, gt: np.ndarray) -> float:
    """Peak signal-to-noise ratio ``10 log10(1 / mse)``.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3).
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        Decibels; infinity for identical images.
    """
    return psnr_from_mse(mse(pred, gt))


def psnr_from_mse(value: float) -> float:
    """``10 log10(1 / mse)`` in decibels, infinity where the error is zero.

    Args:
        value: Mean squared error of [0, 1] images.
    """
    return float('inf') if value == 0 else float(-10 * np.log10(value))


def mssim(pred: np.ndarray, gt: np.ndarray) -> float:
    """The "MSSIM" of published text removal tables.

    ``mean(CS)^0.8668 * mean(SSIM)^0.1333`` of the gray images at **one**
    scale (Gaussian window 11x11, sigma 1.5, range 255, no padding). The
    benchmark never down-samples, so this is not multi-scale SSIM, whose
    numbers are far higher. A negative mean, for which the power does not
    exist, counts as 0.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3), each side >= 11.
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        A value in [0, 1].
    """
    _check_pair(pred, gt)
    return _mssim(_gray(pred), _gray(gt))


def age(pred: np.ndarray, gt: np.ndarray) -> float:
    """Average gray-level error: mean rounded difference of the gray images.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3).
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        Gray levels in [0, 255].
    """
    _check_pair(pred, gt)
    return float(_gray_error(_gray(pred), _gray(gt)).mean())


def peps(pred: np.ndarray, gt: np.ndarray) -> float:
    """Error pixels (gray levels differ by more than 20) over ``512 ** 2``.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3).
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        A fraction if the image is 512x512.
    """
    _check_pair(pred, gt)
    return _error_fractions(_gray_error(_gray(pred), _gray(gt)))[0]


def pceps(pred: np.ndarray, gt: np.ndarray) -> float:
    """Clustered error pixels over ``512 ** 2``.

    An error pixel is clustered if its four neighbors are error pixels too.
    What lies outside the image is no error pixel, so border pixels never
    count.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3).
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        A fraction if the image is 512x512.
    """
    _check_pair(pred, gt)
    return _error_fractions(_gray_error(_gray(pred), _gray(gt)))[1]


def text_removal_scores(pred: np.ndarray, gt: np.ndarray) -> dict[str, float]:
    """All benchmark scores of one pair, after the benchmark's resizing.

    Args:
        pred: uint8 RGB prediction of shape (H, W, 3), any size.
        gt: uint8 RGB ground truth of the same shape.

    Returns:
        ``psnr`` (dB), ``mssim``, ``mse``, ``age``, ``peps`` and ``pceps``.

    Raises:
        ValueError: If the two are no RGB images of one size.
        TypeError: If one of them is not uint8.
    """
    _check_pair(pred, gt)
    pred, gt = resize_shorter_side(pred), resize_shorter_side(gt)
    gray_pred, gray_gt = _gray(pred), _gray(gt)
    error = _gray_error(gray_pred, gray_gt)
    error_fraction, clustered_fraction = _error_fractions(error)
    squared_error = mse(pred, gt)
    return dict(
        psnr=psnr_from_mse(squared_error),
        mssim=_mssim(gray_pred, gray_gt),
        mse=squared_error,
        age=float(error.mean()),
        peps=error_fraction,
        pceps=clustered_fraction)


def average_text_removal_scores(
        scores: list[dict[str, float]]) -> dict[str, float]:
    """Average the scores of images as the benchmark does.

    Images identical to their ground truth are skipped and not counted. Only
    if all are identical are they averaged (PSNR infinity, MSSIM 1, errors 0).

    Args:
        scores: At least one result of :func:`text_removal_scores`.

    Returns:
        The mean of each score, and ``skipped``, the number of identical
        images.
    """
    counted = [score for score in scores if score['mse'] > 0]
    skipped = len(scores) - len(counted)
    counted = counted or scores
    averages: dict[str, float] = {
        name: float(np.mean([score[name] for score in counted]))
        for name in scores[0]
    }
    # A float: mmengine's logs drop NumPy integers, which it makes of an int.
    averages['skipped'] = float(skipped)
    return averages


def _check_pair(pred: np.ndarray, gt: np.ndarray) -> None:
    for name, image in (('pred', pred), ('gt', gt)):
        if image.dtype != np.uint8:
            raise TypeError(f'{name} must be uint8, but got {image.dtype}')
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f'{name} must be an RGB image of shape (H, W, 3)'
                             f', but its shape is {image.shape}')
    if pred.shape != gt.shape:
        raise ValueError('pred and gt must have the same shape, but got '
                         f'{pred.shape} and {gt.shape}')


def to_gray(image: np.ndarray) -> np.ndarray:
    """Gray levels of an RGB image, not rounded.

    Args:
        image: Float image of shape (3, H, W) in [0, 1].

    Returns:
        Gray levels (H, W) in [0, 255], of the same float type.
    """
    # [0, 1] first, 255 last: many differences of two gray levels end in
    # exactly .5, and only this order rounds them (in float32) as the
    # benchmark does.
    red, green, blue = image
    unit = image.dtype.type
    gray = unit(.299) * red + unit(.587) * green
    gray += unit(.114) * blue
    return gray * unit(255)


def _gray(image: np.ndarray) -> np.ndarray:
    return to_gray(
        np.moveaxis(image.astype(np.float32) / np.float32(255), 2, 0))


def _gray_error(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    return np.rint(np.abs(pred - gt)).astype(np.uint8)


def _error_fractions(error: np.ndarray) -> tuple[float, float]:
    errors = (error > ERROR_THRESHOLD).astype(np.uint8)
    clustered = cv2.erode(
        errors, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    area = BENCHMARK_SIZE**2
    return cv2.countNonZero(errors) / area, cv2.countNonZero(clustered) / area


def _mssim(pred: np.ndarray, gt: np.ndarray) -> float:
    contrast, whole = similarities(pred, gt)
    return max(contrast, 0)**CS_EXPONENT * max(whole, 0)**SSIM_EXPONENT
