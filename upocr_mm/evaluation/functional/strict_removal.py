"""Image scores of text removal without the peculiarities of published tables.

Nothing is quantized, resized or skipped, fractions are those of the image's
own area, and the structural similarities are the ones of their definitions.
The numbers are comparable among themselves and with what other libraries
compute, not with published text removal tables.
"""
from __future__ import annotations

import cv2
import numpy as np

from .structural_similarity import (MS_SSIM_MIN_SIZE, SSIM_MIN_SIZE, ms_ssim,
                                    ssim)
from .text_removal import CROSS, ERROR_THRESHOLD, psnr_from_mse, to_gray

# Floats of bytes that differ by exactly the threshold must not exceed it.
_ROUNDING = 1e-3


def strict_removal_scores(pred: np.ndarray,
                          gt: np.ndarray) -> dict[str, float]:
    """All strict scores of one pair.

    Args:
        pred: Float RGB prediction of shape (3, H, W) in [0, 1].
        gt: Float RGB ground truth of the same shape.

    Returns:
        ``psnr`` (dB; infinity for identical images), ``mse``, ``age`` (gray
        levels), ``peps`` and ``pceps`` (fractions of the image's area);
        ``ssim`` unless a side is shorter than 11, and ``ms_ssim`` unless one
        is shorter than 176.

    Raises:
        ValueError: If the two are no RGB images of one size.
    """
    if pred.shape != gt.shape or pred.ndim != 3 or len(pred) != 3:
        raise ValueError('pred and gt must be RGB images of one shape '
                         f'(3, H, W), but got {pred.shape} and {gt.shape}')
    squared_error = float(np.mean((pred.astype(np.float64) - gt)**2))
    gray_pred, gray_gt = (
        to_gray(image.astype(np.float64)) for image in (pred, gt))
    error = np.abs(gray_pred - gray_gt)
    errors = (error > ERROR_THRESHOLD + _ROUNDING).astype(np.uint8)
    clustered = cv2.erode(
        errors, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    scores = dict(
        psnr=psnr_from_mse(squared_error),
        mse=squared_error,
        age=float(error.mean()),
        peps=float(errors.mean()),
        pceps=float(clustered.mean()))
    if min(error.shape) >= SSIM_MIN_SIZE:
        scores['ssim'] = ssim(gray_pred, gray_gt)
    if min(error.shape) >= MS_SSIM_MIN_SIZE:
        scores['ms_ssim'] = ms_ssim(gray_pred, gray_gt)
    return scores


def average_strict_scores(scores: list[dict[str, float]]) -> dict[str, float]:
    """Average the scores over the images, all weighing the same.

    The PSNR of an exact reproduction is infinite; it is left out of the mean
    of PSNR, of no other, unless there is nothing else.

    Args:
        scores: At least one result of :func:`strict_removal_scores`.

    Returns:
        The mean of each score over the images that have it.
    """
    averages = {}
    for name in dict.fromkeys(name for score in scores for name in score):
        values = [score[name] for score in scores if name in score]
        finite = [value for value in values if np.isfinite(value)]
        averages[name] = float(np.mean(finite or values))
    return averages
