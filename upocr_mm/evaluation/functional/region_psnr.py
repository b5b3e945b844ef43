"""PSNR inside and outside the text, which the benchmark does not have."""
from __future__ import annotations

import numpy as np

from .text_removal import psnr_from_mse


def region_psnr(pred: np.ndarray, gt: np.ndarray,
                region: np.ndarray) -> float | None:
    """PSNR of a prediction within a region, without any quantization.

    No published protocol: it tells how well text was replaced (region = text)
    and how well the rest was left alone (region = not text), which the score
    of the whole image mixes.

    Args:
        pred: Float RGB prediction of shape (3, H, W) in [0, 1].
        gt: Float RGB ground truth of shape (3, H, W) in [0, 1].
        region: Boolean region of shape (H, W).

    Returns:
        Decibels, infinity if the region is reproduced exactly, ``None`` if
        the region is empty.

    Raises:
        ValueError: If the shapes do not match.
    """
    if pred.shape != gt.shape or pred.shape[1:] != region.shape:
        raise ValueError('pred, gt and region must be of one size, but their '
                         f'shapes are {pred.shape}, {gt.shape} and '
                         f'{region.shape}')
    if not region.any():
        return None
    squared_error = (pred.astype(np.float64) - gt)**2
    return psnr_from_mse(float(squared_error.mean(axis=0)[region].mean()))


def average_region_psnr(values: list[float | None]) -> float | None:
    """Average :func:`region_psnr` over images.

    As with the PSNR of whole images, every image weighs the same, and exact
    reproductions (infinity) are not counted unless there is nothing else.

    Args:
        values: One result of :func:`region_psnr` per image.

    Returns:
        Decibels, or ``None`` if no image has such a region.
    """
    values = [value for value in values if value is not None]
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite or values)) if values else None
