"""What looks like text and is none: leaves, fences, windows, logos, cloth."""
from __future__ import annotations
import math
from typing import Callable

import cv2
import numpy as np

from .portable import luminance, mean
from .textures import smooth_noise

# Red, blue and violet, as they multiply the color of the paper.
STAMP_INKS = ((0.85, 0.2, 0.2), (0.2, 0.3, 0.8), (0.5, 0.25, 0.75))


def add_distractor(rng: np.random.Generator, image: np.ndarray) -> None:
    """Draw one thing that is no text, in place.

    Args:
        rng: Source of randomness.
        image: float32 (H, W, 3), RGB in [0, 1].
    """
    height, width = image.shape[:2]
    tall = int(height * rng.uniform(0.15, 0.7))
    wide = int(width * rng.uniform(0.15, 0.7))
    if min(tall, wide) < 12:
        return
    top = int(rng.integers(0, height - tall + 1))
    left = int(rng.integers(0, width - wide + 1))
    alpha = np.zeros((tall, wide), np.float32)
    kind = KINDS[rng.integers(len(KINDS))]
    kind(rng, alpha)
    if rng.random() < 0.5:
        turn = cv2.getRotationMatrix2D((wide / 2, tall / 2), rng.normal(0, 15),
                                       1)
        alpha = cv2.warpAffine(alpha, turn, (wide, tall))
    region = image[top:top + tall, left:left + wide]
    color = rng.random(3).astype(np.float32)
    if rng.random() < 0.5:
        color[:] = rng.choice([0.08, 0.92])
    # Things stand in the light of the place, not on top of it.
    light = cv2.blur(luminance(region), (15, 15))[..., None]
    color = color * (0.4 + 0.6 * light / max(mean(light), 0.05)).clip(0.3, 1.4)
    region += (rng.uniform(0.3, 1) * alpha)[..., None] * (color - region)
    np.clip(region, 0, 1, out=region)


def add_stamp(rng: np.random.Generator, image: np.ndarray) -> None:
    """Stamp a ring or a frame with bars, without text, on paper, in place.

    Args:
        rng: Source of randomness.
        image: float32 (H, W, 3), RGB in [0, 1].
    """
    height, width = image.shape[:2]
    side = int(min(height, width) * rng.uniform(0.15, 0.45))
    if side < 12:
        return
    wide = side if rng.random() < 0.5 else int(1.6 * side)
    wide = min(wide, width)
    alpha = np.zeros((side, wide), np.float32)
    thick, middle = max(1, side // 20), (wide // 2, side // 2)
    if wide == side:
        for part in (0.46, 0.34):
            cv2.circle(alpha, middle, int(part * side), 1., thick, cv2.LINE_AA)
    else:
        edge = thick + side // 12
        cv2.rectangle(alpha, (edge, edge), (wide - 1 - edge, side - 1 - edge),
                      1., thick, cv2.LINE_AA)
    bars = int(rng.integers(1, 4))
    for i in range(bars):
        y = int(side * (0.5 + 0.11 * (2 * i + 1 - bars)))
        half = int(side * rng.uniform(0.1, 0.22))
        cv2.line(alpha, (middle[0] - half, y), (middle[0] + half, y), 1.,
                 2 * thick, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D(middle, rng.normal(0, 12), 1)
    alpha = cv2.warpAffine(alpha, turn, (wide, side))
    # The ink does not reach every place.
    worn = smooth_noise(rng, alpha.shape, octaves=3, cells=4)
    alpha *= (1.6 * worn).clip(0.2, 1) * np.float32(rng.uniform(0.5, 0.95))
    color = STAMP_INKS[rng.integers(len(STAMP_INKS))]
    color = np.float32(color) + np.float32(rng.uniform(-0.08, 0.08, 3))
    top = int(rng.integers(0, height - side + 1))
    left = int(rng.integers(0, width - wide + 1))
    region = image[top:top + side, left:left + wide]
    region *= 1 - alpha[..., None] * (1 - color)


def foliage(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Leaves and twigs."""
    height, width = alpha.shape
    side = max(3, int(rng.uniform(0.04, 0.12) * min(height, width)))
    for _ in range(int(rng.integers(20, 90))):
        center = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (side, max(1, int(side * rng.uniform(0.25, 0.6))))
        cv2.ellipse(alpha, center, axes, rng.uniform(0, 360), 0, 360,
                    float(rng.uniform(0.4, 1)), -1, cv2.LINE_AA)
        if rng.random() < 0.2:
            end = (np.array(center) + rng.normal(0, 4 * side, 2)).astype(int)
            cv2.line(alpha, center, [int(v) for v in end], 1., 1, cv2.LINE_AA)


def fence(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Upright bars, with or without rails."""
    height, width = alpha.shape
    step = max(4, int(rng.uniform(0.05, 0.15) * width))
    thick = max(1, int(step * rng.uniform(0.15, 0.5)))
    for x in range(step // 2, width, step):
        alpha[:, x:x + thick] = 1
    if rng.random() < 0.7:
        for y in rng.integers(0, height, 2):
            alpha[y:y + thick] = 1


def windows(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """A front with windows and their bars."""
    height, width = alpha.shape
    rows, columns = rng.integers(2, 6, 2)
    tall, wide = height / rows, width / columns
    fill = rng.uniform(0.4, 0.8)
    for row in range(rows):
        for column in range(columns):
            y, x = int(row * tall), int(column * wide)
            h, w = int(tall * fill), int(wide * fill)
            alpha[y:y + h, x:x + w] = rng.uniform(0.6, 1)
            if rng.random() < 0.7:
                alpha[y + h // 2:y + h // 2 + 1, x:x + w] = 0
                alpha[y:y + h, x + w // 2:x + w // 2 + 1] = 0


def stripes(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Stripes of one or several widths, as of blinds and crossings."""
    length = alpha.shape[1]
    x = 0
    pitch = max(3, int(rng.uniform(0.02, 0.12) * length))
    even = rng.random() < 0.6
    while x < length:
        step = pitch if even else max(2, int(pitch * rng.uniform(0.3, 2)))
        alpha[:, x:x + max(1, step // 2)] = 1
        x += step
    if rng.random() < 0.5 and alpha.shape[0] == alpha.shape[1]:
        alpha[:] = alpha.T.copy()


def logo(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Some plain shapes, one on the other."""
    height, width = alpha.shape
    radius = min(height, width) // 2 - 1
    center = (width // 2, height // 2)
    for _ in range(int(rng.integers(1, 5))):
        value = float(rng.random() < 0.7)
        r = max(2, int(radius * rng.uniform(0.2, 1)))
        kind = rng.integers(3)
        thick = -1 if rng.random() < 0.5 else max(1, r // 6)
        if kind == 0:
            cv2.circle(alpha, center, r, value, thick, cv2.LINE_AA)
        else:
            corners = int(rng.integers(3, 9))
            angles = rng.uniform(
                0, 6.28) + np.arange(corners) * (2 * np.pi / corners)
            radii = np.full(corners, r, float)
            if kind == 2:  # a star
                radii[::2] *= 0.45
            points = np.array([(math.cos(a), math.sin(a)) for a in angles])
            points = (points * radii[:, None] + center).astype(np.int32)
            if thick < 0:
                cv2.fillPoly(alpha, [points], value, cv2.LINE_AA)
            else:
                cv2.polylines(alpha, [points], True, value, thick, cv2.LINE_AA)


def frames(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Rules, frames and borders."""
    height, width = alpha.shape
    for _ in range(int(rng.integers(1, 4))):
        thick = int(rng.integers(1, max(2, min(height, width) // 25) + 1))
        if rng.random() < 0.5:
            inset = int(rng.integers(0, min(height, width) // 4))
            cv2.rectangle(alpha, (inset, inset),
                          (width - 1 - inset, height - 1 - inset), 1., thick)
        else:
            y = int(rng.integers(height))
            cv2.line(alpha, (0, y), (width, y), 1., thick)


def cloth(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """A small pattern, again and again."""
    height, width = alpha.shape
    side = int(max(5, rng.uniform(0.06, 0.2) * min(height, width)))
    tile = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        start, end = (
            tuple(int(v) for v in rng.integers(0, side, 2)) for _ in range(2))
        if rng.random() < 0.5:
            cv2.line(tile, start, end, 1., max(1, side // 8), cv2.LINE_AA)
        else:
            cv2.circle(tile, start, max(1, side // 5), 1., -1, cv2.LINE_AA)
    repeats = (-(-height // side), -(-width // side))
    alpha[:] = np.tile(tile, repeats)[:height, :width]


def scribble(rng: np.random.Generator, alpha: np.ndarray) -> None:
    """Curves and cracks, thin."""
    height, width = alpha.shape
    for _ in range(int(rng.integers(1, 6))):
        steps = rng.normal(0, 0.12 * min(height, width), (12, 2)).cumsum(0)
        points = steps + rng.integers(0, (width, height))
        cv2.polylines(alpha, [points.astype(np.int32)], False,
                      float(rng.uniform(0.5, 1)), int(rng.integers(1, 3)),
                      cv2.LINE_AA)


KINDS: tuple[Callable[[np.random.Generator, np.ndarray], None],
             ...] = (foliage, fence, windows, stripes, logo, frames, cloth,
                     scribble)
