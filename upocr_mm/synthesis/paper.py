"""Paper: its tone, stains, folds, the other side shining through, light."""
from __future__ import annotations
import math

import cv2
import numpy as np

from .portable import deviation, step
from .textures import smooth_noise

# Share of new sheets that are of colored paper.
COLORED = 0.2


def paper(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A sheet of paper, new or old, scanned or photographed.

    Args:
        rng: Source of randomness.
        size: Height and width in pixels.

    Returns:
        float32 (H, W, 3), RGB in [0, 1], without text.
    """
    old = rng.random() < 0.5
    tone = np.array([1., 1., 1.]) * rng.uniform(0.82, 1)
    if old:
        # Cream to brown: never pink.
        green = rng.uniform(0.9, 0.98)
        tone *= [1, green, green - rng.uniform(0.02, 0.25)]
    elif rng.random() < COLORED:
        tone *= rng.uniform(0.7, 1, 3)
    image = np.broadcast_to(tone.astype(np.float32), (*size, 3)).copy()
    fibers = rng.standard_normal(size, dtype=np.float32)
    fibers = cv2.GaussianBlur(fibers, (0, 0), rng.uniform(0.6, 1.5))
    image *= 1 + (rng.uniform(0, 0.03) * fibers / deviation(fibers))[..., None]
    if rng.random() < (0.8 if old else 0.3):
        clouds = smooth_noise(rng, size, octaves=4)[..., None]
        stain = rng.uniform(0.85, 0.95)
        stain = np.float32([1, stain, stain - rng.uniform(0.05, 0.25)])
        depth = rng.uniform(0.2, 0.9 if old else 0.4)
        image *= 1 - depth * (clouds - 0.3).clip(0, 1) * (1.05 - stain * 0.7)
    if rng.random() < 0.3:
        image *= _folds(rng, size)[..., None]
    if rng.random() < (0.4 if old else 0.2):
        image *= _bleed_through(rng, size)[..., None]
    if rng.random() < 0.6:
        image *= _uneven_light(rng, size)[..., None]
    if rng.random() < 0.15:
        _margin(rng, image)
    return image.clip(0.02, 1).astype(np.float32)


def _folds(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Creases, dark on one side and bright on the other."""
    shade = np.ones(size, np.float32)
    rows, columns = np.mgrid[0:size[0], 0:size[1]].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.choice([0., np.pi / 2]) + rng.normal(0, 0.1)
        across = math.cos(angle) * columns + math.sin(angle) * rows
        across -= rng.uniform(across.min(), across.max())
        width = rng.uniform(1, 4)
        near = 1 / (1 + np.abs(across) / (2 * width))
        shade += rng.uniform(0.05, 0.2) * step(across / width) * near * near
    return shade


def _bleed_through(rng: np.random.Generator, size: tuple[int,
                                                         int]) -> np.ndarray:
    """Rows of blurred strokes: what is written on the other side."""
    height, width = size
    ink = np.zeros(size, np.float32)
    step = max(6, int(height * rng.uniform(0.05, 0.12)))
    for y in range(step, height, step):
        x = int(rng.integers(0, max(1, width // 6)))
        while x < width * rng.uniform(0.7, 1):
            points = np.stack([
                x + rng.integers(0, step, 5),
                y + rng.integers(-step // 3, step // 4 + 1, 5)
            ], 1)
            cv2.polylines(ink, [points.astype(np.int32)], False, 1.,
                          max(1, step // 8), cv2.LINE_AA)
            x += int(step * rng.uniform(0.6, 1.3))
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(1, 2.5))
    return 1 - rng.uniform(0.05, 0.25) * ink.clip(0, 1)


def _uneven_light(rng: np.random.Generator, size: tuple[int,
                                                        int]) -> np.ndarray:
    """A shadow or the light of a lamp."""
    field = smooth_noise(rng, size, octaves=1, cells=2)
    if rng.random() < 0.25:  # the hard shadow of a hand or a phone
        edge = (field - rng.uniform(0.4, 0.7)) * rng.uniform(10, 60)
        field = 0.5 + 0.5 * step(edge)
    return 1 - rng.uniform(0.1, 0.45) * field


def _margin(rng: np.random.Generator, image: np.ndarray) -> None:
    """The dark border of a scan, or the gutter of a book, in place."""
    side = int(rng.integers(4))
    view = np.rot90(image, side)
    width = max(2, int(view.shape[1] * rng.uniform(0.02, 0.15)))
    if rng.random() < 0.5:
        view[:, :width] *= rng.uniform(0.02, 0.3)
    else:
        view[:, :width] *= np.linspace(0.3, 1, width)[None, :, None]
