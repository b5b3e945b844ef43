"""Structural similarity of gray images.

Gaussian window of 11x11 pixels, sigma 1.5, range 255, biased covariance, only
where the window fits (Wang et al., 2003 and 2004).
"""
from __future__ import annotations

import cv2
import numpy as np

_WINDOW = cv2.getGaussianKernel(11, 1.5, cv2.CV_64F)
_C1, _C2 = (.01 * 255)**2, (.03 * 255)**2
SSIM_MIN_SIZE = len(_WINDOW)
# Weights of the five scales (Wang et al., 2003).
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# The window of 11 pixels has to fit into the coarsest scale.
MS_SSIM_MIN_SIZE = SSIM_MIN_SIZE * 2**(len(MS_SSIM_WEIGHTS) - 1)


def similarities(pred: np.ndarray, gt: np.ndarray) -> tuple[float, float]:
    """Means of the contrast-structure term and of the whole similarity.

    Args:
        pred: Gray prediction (H, W) in [0, 255], each side >= 11.
        gt: Gray ground truth of the same shape.

    Returns:
        ``mean(CS)`` and ``mean(SSIM)``, each in [-1, 1].

    Raises:
        ValueError: If a side is shorter than the window.
    """
    if min(pred.shape) < SSIM_MIN_SIZE:
        raise ValueError('structural similarity needs images of at least '
                         f'{SSIM_MIN_SIZE} pixels a side, but got '
                         f'{pred.shape}')
    # Float64: the variances are small differences of large numbers.
    pred, gt = pred.astype(np.float64), gt.astype(np.float64)
    mean_pred, mean_gt = _blur(pred), _blur(gt)
    product = 2 * mean_pred * mean_gt
    squares = mean_pred**2 + mean_gt**2
    covariance = 2 * _blur(pred * gt) - product
    # The two variances are only needed as a sum, which saves one filter.
    variances = _blur(pred**2 + gt**2) - squares
    contrast = (covariance + _C2) / (variances + _C2)
    whole = contrast * ((product + _C1) / (squares + _C1))
    return float(contrast.mean()), float(whole.mean())


def ssim(pred: np.ndarray, gt: np.ndarray) -> float:
    """Structural similarity of gray images (Wang et al., 2004).

    Args:
        pred: Gray prediction (H, W) in [0, 255], each side >= 11.
        gt: Gray ground truth of the same shape.

    Returns:
        A value in [-1, 1].
    """
    return similarities(pred, gt)[1]


def ms_ssim(pred: np.ndarray, gt: np.ndarray) -> float:
    """Multi-scale structural similarity of gray images (Wang et al., 2003).

    Five scales, halved by the mean of 2x2 pixels. A negative mean, for which
    the power does not exist, counts as 0.

    Args:
        pred: Gray prediction (H, W) in [0, 255], each side >= 176.
        gt: Gray ground truth of the same shape.

    Returns:
        A value in [0, 1].

    Raises:
        ValueError: If a side is shorter than 176.
    """
    if min(pred.shape) < MS_SSIM_MIN_SIZE:
        raise ValueError('multi-scale SSIM needs images of at least '
                         f'{MS_SSIM_MIN_SIZE} pixels a side, but got '
                         f'{pred.shape}')
    product = 1.
    last = len(MS_SSIM_WEIGHTS) - 1
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        contrast, whole = similarities(pred, gt)
        product *= max(whole if scale == last else contrast, 0)**weight
        pred, gt = _halve(pred), _halve(gt)
    return product


def _blur(image: np.ndarray) -> np.ndarray:
    # Only the part that does not depend on how the border is padded.
    margin = len(_WINDOW) // 2
    blurred = cv2.sepFilter2D(image, cv2.CV_64F, _WINDOW, _WINDOW)
    return blurred[margin:-margin, margin:-margin]


def _halve(image: np.ndarray) -> np.ndarray:
    # An odd last row or column is left out, as pooling does.
    height, width = (side // 2 * 2 for side in image.shape)
    image = image[:height, :width]
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] +
            image[1::2, 1::2]) / 4
