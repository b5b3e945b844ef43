from __future__ import annotations
from dataclasses import dataclass

import cv2
import numpy as np

# Everything is measured on at most this many pixels along the shorter side.
MEASURED_SIDE = 512


@dataclass(frozen=True)
class PhotoStatistics:
    """What tells a photograph from a drawing, a map or an empty picture.

    Args:
        entropy: Of the gray levels, in bits (0 to 8).
        colors: How many of the 32 x 32 x 32 cells of the RGB cube hold more
            than one pixel in 10,000.
        flat: Share of pixels that have exactly the color of the one to the
            right. Photographs have noise; drawings, renderings of one object
            and screens have areas without.
        dominant: Share of the most frequent color, exactly. High in pictures
            that are stuck together of pieces on an empty ground.
        normals: Share of pixels whose RGB is a vector of length 1 that points
            out of the surface, as in normal maps; 0 if their mean is tilted.
        weakest: Lowest standard deviation of the three channels (0 to 128).
            Maps of gloss and the like leave channels empty.
    """

    entropy: float
    colors: int
    flat: float
    dominant: float
    normals: float
    weakest: float

    def objection(self) -> str | None:
        """Why the picture is no photograph.

        Returns:
            A word for it, or None: it may be one. The limits were chosen on
            4,000 pictures of the packages of ``BACKGROUND_PACKAGES``.
        """
        if self.normals > 0.5:
            return 'normal map'
        if self.entropy < 3.5 or self.weakest < 3:
            return 'empty'
        if self.flat > 0.4 or self.dominant > 0.15 or self.colors < 12:
            return 'drawing'
        return None


def measure_photo(image: np.ndarray) -> PhotoStatistics:
    """Measure a picture.

    Args:
        image: uint8 RGB image of shape (H, W, 3), at least 2 pixels wide.

    Returns:
        Its statistics.
    """
    scale = MEASURED_SIDE / min(image.shape[:2])
    if scale < 1:
        image = cv2.resize(
            image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    packed = _packed(image)
    counts = np.unique(packed, return_counts=True)[1]
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    levels = np.bincount(gray.ravel(), minlength=256) / gray.size
    levels = levels[levels > 0]
    cells = np.bincount(_packed(image >> 3, 5).ravel()) / gray.size
    vectors = image.astype(np.float32) / 127.5 - 1
    lengths = np.linalg.norm(vectors, axis=-1)
    outward = (np.abs(lengths - 1) < 0.12) & (vectors[..., 2] > 0.3)
    # On average a surface is level; a blue sky is not.
    level = np.abs(vectors[..., :2].mean(axis=(0, 1))).max() < 0.15
    return PhotoStatistics(
        entropy=float(-(levels * np.log2(levels)).sum()),
        colors=int((cells > 1e-4).sum()),
        flat=float(np.mean(packed[:, 1:] == packed[:, :-1])),
        dominant=float(counts.max() / packed.size),
        normals=float(outward.mean() * level),
        weakest=float(image.reshape(-1, 3).std(axis=0).min()))


def _packed(image: np.ndarray, bits: int = 8) -> np.ndarray:
    """One number for the color of each pixel."""
    red, green, blue = np.moveaxis(image.astype(np.int32), -1, 0)
    return red << 2 * bits | green << bits | blue
