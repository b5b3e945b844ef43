"""Change the text of a picture, and nothing else."""
from __future__ import annotations
import json
import reprlib
from typing import Any, NamedTuple, Sequence

import cv2
import numpy as np

# [x1, y1, x2, y2], or points [[x, y], ...], in pixels.
Shape = Sequence


class Strength(NamedTuple):
    """How much of a picture counts as text.

    Attributes:
        threshold: A pixel is text where the text segmentation is above this
            value, in [0, 1]; the lower, the more.
        dilation: By how many pixels of the network's picture the text grows,
            so that the edges of strokes are replaced, too.
        feather: Over how many pixels, inside of the mask, the old picture
            turns into the new one.
    """
    threshold: float
    dilation: int
    feather: int


# Lower than the usual threshold of text segmentation (0.4) but for `careful`:
# what is left of a stroke is seen, a little new ground beside it is not.
PRESETS = dict(
    careful=Strength(0.4, 3, 1),
    normal=Strength(0.2, 6, 2),
    thorough=Strength(0.1, 10, 3),
)
# The mean change of a pixel, in gray levels, from which on it is a change.
MIN_CHANGE = dict(careful=48, normal=32, thorough=16)
# The largest growth and feather; no text has wider edges.
MAX_GROWTH = 1000
# By how many pixels a mask grows by a kernel, whose time is the square of it.
MAX_KERNEL = 32


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Let the true pixels of a mask grow by a distance.

    Args:
        mask: bool array (H, W).
        pixels: The distance; 0 leaves it as it is.

    Returns:
        bool array (H, W).
    """
    if pixels <= 0:
        return mask
    if pixels > MAX_KERNEL:
        outside = 1 - mask.astype(np.uint8)
        if outside.all():
            return mask
        return cv2.distanceTransform(outside, cv2.DIST_L2,
                                     cv2.DIST_MASK_PRECISE) <= pixels
    side = 2 * pixels + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.dilate(mask.astype(np.uint8), kernel).astype(bool)


def change_mask(before: np.ndarray, after: np.ndarray,
                min_change: float) -> np.ndarray:
    """Where a picture has been changed by more than noise.

    Args:
        before: uint8 array (H, W, 3).
        after: The same.
        min_change: Mean absolute difference of the channels, in gray levels.

    Returns:
        bool array (H, W), without single pixels and pairs.
    """
    change = cv2.absdiff(before, after).mean(2, dtype=np.float32)
    mask = (change > min_change).astype(np.uint8)
    neighbors = cv2.boxFilter(mask, -1, (3, 3), normalize=False)
    return mask.astype(bool) & (neighbors > 2)


def is_mask(shapes: Any) -> bool:
    """Whether regions are given as a mask, a bool array (H, W)."""
    return (isinstance(shapes, np.ndarray) and shapes.dtype == bool
            and shapes.ndim == 2)


def parse_shapes(text: str) -> Any:
    """Read boxes and polygons as JSON.

    Args:
        text: The JSON.

    Returns:
        What it holds; :func:`shapes_to_mask` looks whether it is as needed.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        reason = 'it is nested too deeply'
    except ValueError as error:
        reason = str(error)
    raise ValueError(f'must be JSON, but {reason}, got '
                     f'{reprlib.repr(text)}') from None


def shapes_to_mask(shapes: Sequence[Shape] | np.ndarray, size: tuple[int, int],
                   field: str) -> np.ndarray:
    """Fill boxes and polygons.

    Args:
        shapes: ``[x1, y1, x2, y2]`` or ``[[x, y], [x, y], [x, y], ...]`` in
            pixels; borders belong to it. What lies outside of the picture is
            cut off. Or the mask itself, a bool array (H, W).
        size: Height and width of the mask.
        field: Name of the argument, for messages.

    Returns:
        bool array (H, W).

    Raises:
        ValueError: A shape is neither of the two, or the mask is of another
            size.
    """
    if is_mask(shapes):
        if shapes.shape != size:
            raise ValueError(f'{field} must have the size of the picture, '
                             f'{size} (height, width), but has {shapes.shape}')
        return shapes
    if not isinstance(shapes, (list, tuple, np.ndarray)):
        raise ValueError(f'{field} must be a list of boxes and polygons, but '
                         f'got {reprlib.repr(shapes)}')
    mask = np.zeros(size, np.uint8)
    for shape in shapes:
        try:
            points = np.asarray(shape, np.float64)
        except (TypeError, ValueError, OverflowError, RecursionError):
            points = np.empty(0)
        if points.shape == (4, ):
            x1, y1, x2, y2 = points
            if x1 > x2 or y1 > y2:
                points = np.empty(0)
            else:
                points = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        if (points.ndim != 2 or points.shape[1] != 2 or len(points) < 3
                or not np.isfinite(points).all()):
            raise ValueError(
                f'{field} must hold boxes [x1, y1, x2, y2] with x1 <= x2 and '
                'y1 <= y2, or polygons [[x, y], ...] of at least three '
                f'points, but got {reprlib.repr(shape)}')
        points = points.clip(-2**20, 2**20).round().astype(np.int32)
        cv2.fillPoly(mask, [points], 1)
    return mask.astype(bool)


def composite(before: np.ndarray, after: np.ndarray, mask: np.ndarray,
              feather: int) -> np.ndarray:
    """Put a new picture into the mask; outside it stays bit for bit.

    Args:
        before: uint8 array (H, W, 3).
        after: The same.
        mask: bool array (H, W).
        feather: Over how many pixels from the border of the mask inwards the
            new picture is blended in.

    Returns:
        uint8 array (H, W, 3).
    """
    if feather <= 0:
        return np.where(mask[..., None], after, before)
    # The borders of the picture are no borders of the mask.
    padded = np.pad(mask, 1, mode='edge').astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2,
                                     cv2.DIST_MASK_5)[1:-1, 1:-1]
    result = before.copy()
    # Only what lies in the mask, which is little of a large picture.
    share = (distance[mask] / (feather + 1)).clip(0, 1)[:, None]
    blended = before[mask] * (1 - share) + after[mask] * share
    result[mask] = np.round(blended).astype(np.uint8)
    return result
