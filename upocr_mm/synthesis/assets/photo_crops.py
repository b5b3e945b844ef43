from __future__ import annotations
import math

import cv2
import numpy as np
from PIL import ImageOps

from ...utils import open_picture

# Darker than this, an alpha channel counts as transparent.
OPAQUE = 250


def open_photo(path: str) -> np.ndarray | None:
    """Read a picture if it is opaque.

    Args:
        path: File of a format of :data:`PHOTO_SUFFIXES`.

    Returns:
        uint8 RGB image of shape (H, W, 3) with its EXIF orientation applied,
        or None if more than 1 pixel in 200 is not opaque.

    Raises:
        Exception: It cannot be read.
    """
    with open_picture(path, 'SGI') as photo:
        photo = ImageOps.exif_transpose(photo)
        if photo.mode in ('RGBA', 'LA', 'PA') or 'transparency' in photo.info:
            photo = photo.convert('RGBA')
            alpha = np.asarray(photo.getchannel('A'))
            if np.mean(alpha < OPAQUE) > 0.005:
                return None
        return np.array(photo.convert('RGB'))


def cut_photo(image: np.ndarray, max_side: int, min_side: int,
              max_short: int) -> list[np.ndarray]:
    """Cut a picture into pieces of useful size.

    Large pictures are reduced first. The pieces do not overlap, cover the
    picture and have equal sizes (up to a pixel).

    Args:
        image: uint8 image of shape (H, W, C).
        max_side: Most pixels of a side of a piece.
        min_side: Least pixels of a side of the picture.
        max_short: The shorter side of the picture is reduced to this.

    Returns:
        The pieces, row by row; none if the picture is smaller than
        ``min_side``.
    """
    height, width = image.shape[:2]
    if min(height, width) < min_side:
        return []
    scale = max_short / min(height, width)
    if scale < 1:
        height, width = (round(side * scale) for side in (height, width))
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA)
    rows = np.linspace(0, height, _pieces(height, max_side) + 1).astype(int)
    columns = np.linspace(0, width, _pieces(width, max_side) + 1).astype(int)
    return [
        image[top:bottom, left:right]
        for top, bottom in zip(rows[:-1], rows[1:])
        for left, right in zip(columns[:-1], columns[1:])
    ]


def _pieces(side: int, max_side: int) -> int:
    return math.ceil(side / max_side)
