"""Procedural surfaces: fields of shape (H, W), float32.

``scale`` is the shorter side of the image over 128, so that a picture looks
the same at any size. Surfaces are shades around 1, to multiply a color with.
"""
from __future__ import annotations

import cv2
import numpy as np

from .portable import deviation


def smooth_noise(rng: np.random.Generator,
                 size: tuple[int, int],
                 octaves: int = 4,
                 cells: int = 2,
                 persistence: float = 0.5) -> np.ndarray:
    """Sum of random fields, each twice as fine and weaker than the last.

    Args:
        rng: Source of randomness.
        size: Height and width in pixels.
        octaves: Number of fields.
        cells: Random values along each side in the coarsest field.
        persistence: Weight of a field relative to the next coarser one.

    Returns:
        Field of shape (H, W), float32, stretched to exactly [0, 1].
    """
    height, width = size
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        grid = (cells * 2**octave + 1, cells * 2**octave + 1)
        values = rng.random(grid, dtype=np.float32)
        field = cv2.resize(
            values, (width, height), interpolation=cv2.INTER_CUBIC)
        total += persistence**octave * field
    low, high = total.min(), total.max()
    return (total - low) / max(high - low, 1e-6)


def plaster(rng: np.random.Generator, size: tuple[int, int],
            scale: float) -> np.ndarray:
    """A rough, even surface."""
    grain = rng.standard_normal(size, dtype=np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.8, 2.5) * scale)
    return 1 + rng.uniform(0, 0.05) * grain / deviation(grain)


def brick_wall(rng: np.random.Generator, size: tuple[int, int],
               scale: float) -> np.ndarray:
    """Rows of bricks or, one in three, a grid of tiles."""
    tall = rng.uniform(10, 22) * scale
    wide = tall * rng.uniform(1.6, 2.6)
    shift = 0.5
    if rng.random() < 1 / 3:
        wide, shift = tall, 0.
    rows, columns = np.mgrid[0:size[0], 0:size[1]].astype(np.float32)
    rows = rows / tall + rng.uniform(0, 1)
    row_index = np.floor(rows)
    columns = columns / wide + shift * (row_index % 2) + rng.uniform(0, 1)
    column_index = np.floor(columns)
    joint = rng.uniform(0.8, 1.6) * scale
    on_joint = (((rows - row_index) * tall < joint) |
                ((columns - column_index) * wide < joint))
    table = rng.normal(1, rng.uniform(0.01, 0.06), (64, 64))
    index = (row_index.astype(int) % 64, column_index.astype(int) % 64)
    shade = np.where(on_joint, rng.choice([0.75, 0.85, 1.15]), table[index])
    return _soften(shade, scale)


def planks(rng: np.random.Generator, size: tuple[int, int],
           scale: float) -> np.ndarray:
    """Boards or stripes, upright or lying, with a grain along them."""
    upright = rng.random() < 0.5
    length, across = size if upright else size[::-1]
    pitch = rng.uniform(12, 36) * scale
    place = np.arange(across) / pitch + rng.uniform(0, 1)
    index = np.floor(place).astype(int)
    tone = rng.normal(1, rng.uniform(0.02, 0.07), index.max() + 1)[index]
    gap = (place - index) * pitch < rng.uniform(0.6, 1.5) * scale
    tone = np.where(gap, tone * rng.uniform(0.6, 0.9), tone)
    streaks = rng.standard_normal((length, across)).astype(np.float32)
    streaks = cv2.GaussianBlur(
        streaks, (0, 0), sigmaX=0.8 * scale, sigmaY=14 * scale)
    streaks *= rng.uniform(0, 0.03) / deviation(streaks)
    shade = _soften(tone[None] + streaks, scale)
    return shade if upright else np.ascontiguousarray(shade.T)


def sensor_noise(rng: np.random.Generator, size: tuple[int, int],
                 strength: float) -> np.ndarray:
    """What a camera adds: grain in brightness, less of it in color.

    Args:
        rng: Source of randomness.
        size: Height and width in pixels.
        strength: Standard deviation of the brightness grain on the scale
            where 1 is white.

    Returns:
        Noise to add, of shape (H, W, 3), float32, mean 0.
    """
    grain = rng.standard_normal(size + (1, ), dtype=np.float32)
    color = rng.standard_normal(size + (3, ), dtype=np.float32)
    return strength * (grain + 0.4 * color)


def _soften(shade: np.ndarray, scale: float) -> np.ndarray:
    return cv2.GaussianBlur(shade.astype(np.float32), (0, 0), 0.6 * scale)
