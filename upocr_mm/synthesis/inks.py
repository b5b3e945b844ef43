"""The colors of letters, and what lies around and on them."""
from __future__ import annotations
from dataclasses import dataclass

import cv2
import numpy as np

from .portable import luminance, mean
from .textures import smooth_noise

EFFECTS = ('outline', 'shadow', 'glow', 'gradient', 'engraving', 'texture')
# Least difference in luminance to the ground, of most texts and of those
# whose color is close to it.
CLEAR, FAINT = 0.33, 0.12


@dataclass
class Ink:
    """What one style of letters is written with.

    Attributes:
        color: RGB, (3, ) in [0, 1].
        second: RGB of the effect: outline, shadow, glow, end of a gradient.
        opacity: In (0, 1], of all or of each pixel, float32 (H, W).
        effect: One of :data:`EFFECTS`, or None.
        width: Width of an outline, offset of a shadow, in pixels.
        multiply: Whether it darkens the ground, as print and pens do, instead
            of covering it.
        broken: Part of the ink that is missing, 0 to about 0.5.
        soft: Standard deviation of a blur of the letters, in pixels.
    """
    color: np.ndarray
    second: np.ndarray
    opacity: float | np.ndarray = 1.
    effect: str | None = None
    width: float = 1.
    multiply: bool = False
    broken: float = 0.
    soft: float = 0.


def choose_ink(rng: np.random.Generator, ground: np.ndarray, height: float,
               effects: float, low_contrast: float, worn: float,
               paper: bool) -> Ink:
    """An ink that is seen on its ground.

    Args:
        rng: Source of randomness.
        ground: Pixels behind the text, (N, 3) RGB in [0, 1].
        height: Height of the text in pixels.
        effects: Probability of an effect.
        low_contrast: Probability of a color close to the ground's.
        worn: Probability of broken ink (on paper more), and of a blur.
        paper: Whether it is written on paper.
    """
    faint = rng.random() < low_contrast
    color = contrasting(rng, ground, FAINT if faint else CLEAR, paper)
    ink = Ink(color, contrasting(rng, color[None], CLEAR))
    ink.opacity = float(rng.uniform(0.75, 1))
    dark = brightness(color) < mean(luminance(ground[:, None]))
    ink.multiply = bool(dark and rng.random() < (0.8 if paper else 0.3))
    if rng.random() < effects:
        ink.effect = EFFECTS[rng.integers(len(EFFECTS))]
        ink.width = max(1., height / rng.uniform(10, 24))
        if ink.effect in ('shadow', 'glow') and rng.random() < 0.6:
            ink.second = np.full(3, 0.05, np.float32)
    elif rng.random() < (3 * worn if paper else worn):
        ink.broken = float(rng.uniform(0.05, 0.45))
    if rng.random() < worn:
        ink.soft = softness(rng, height)
    return ink


def softness(rng: np.random.Generator, height: float) -> float:
    """How blurred letters are, as a standard deviation in pixels.

    Args:
        rng: Source of randomness.
        height: Height of the text in pixels.
    """
    return float(rng.uniform(0.3, 0.06 * height + 0.3))


def fading(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Ink that runs out along the page or its lines.

    Args:
        rng: Source of randomness.
        size: Height and width in pixels.

    Returns:
        Factor of the opacity, float32 (H, W).
    """
    along = int(rng.integers(2))
    ends = [1., float(rng.uniform(0.3, 0.8))]
    start, end = ends if rng.random() < 0.5 else ends[::-1]
    ramp = np.linspace(start, end, size[along], dtype=np.float32)
    ramp = ramp[:, None] if along == 0 else ramp[None]
    return np.ascontiguousarray(np.broadcast_to(ramp, size))


def contrasting(rng: np.random.Generator,
                ground: np.ndarray,
                least: float,
                paper: bool = False) -> np.ndarray:
    """A color that differs from a ground in luminance.

    Args:
        rng: Source of randomness.
        ground: (N, 3) RGB in [0, 1].
        least: Least difference.
        paper: Prefer dark, gray or blue ink.

    Returns:
        RGB, (3, ) float32.
    """
    behind = mean(luminance(ground[:, None]))
    for _ in range(20):
        if paper and rng.random() < 0.85:
            color = rng.uniform(0, 0.45) + rng.uniform(-0.05, 0.05, 3)
            if rng.random() < 0.3:
                color[2] += rng.uniform(0.1, 0.4)
        elif rng.random() < 0.4:
            color = np.full(
                3, rng.choice([rng.uniform(0, 0.2),
                               rng.uniform(0.85, 1)]))
        else:
            color = rng.random(3)
        color = color.clip(0, 1).astype(np.float32)
        difference = abs(brightness(color) - behind)
        # A faint color is not a clear one.
        if least <= difference and (least > FAINT or difference < CLEAR):
            return color
    other = max(behind - 0.6, 0) if behind > 0.5 else min(behind + 0.6, 1)
    return np.full(3, other, np.float32)


def brightness(color: np.ndarray) -> float:
    """Luminance of one RGB color."""
    red, green, blue = (float(v) for v in color)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def effect_layer(glyphs: np.ndarray, ink: Ink) -> np.ndarray | None:
    """Opacity of what lies under the letters.

    Args:
        glyphs: Opacity of the letters, float32 (H, W) in [0, 1].
        ink: The ink.

    Returns:
        float32 (H, W), or None if nothing does.
    """
    width = max(1, round(ink.width))
    if ink.effect == 'outline':
        side = 2 * width + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        return cv2.dilate(glyphs, kernel)
    if ink.effect == 'shadow':
        moved = cv2.warpAffine(glyphs,
                               np.float32([[1, 0, width], [0, 1, width]]),
                               glyphs.shape[::-1])
        return 0.8 * cv2.GaussianBlur(moved, (0, 0), 0.3 + ink.width / 4)
    if ink.effect == 'glow':
        blurred = cv2.GaussianBlur(glyphs, (0, 0), 1.5 * ink.width)
        # It ends where it can no longer be seen.
        return np.where(blurred > 0.02, (1.6 * blurred).clip(0, 0.9), 0)
    return None


def broken_glyphs(rng: np.random.Generator, glyphs: np.ndarray,
                  share: float) -> np.ndarray:
    """Letters whose ink is missing in places or worn.

    Args:
        rng: Source of randomness.
        glyphs: Opacity of the letters, (H, W).
        share: About which part of the ink is missing.
    """
    size = glyphs.shape
    cells = max(2, max(size) // 12)
    noise = smooth_noise(rng, size, octaves=2, cells=cells)
    return glyphs * ((noise - share) * 8 + 0.5).clip(0, 1)


def draw_ink(image: np.ndarray, glyphs: np.ndarray, effect: np.ndarray | None,
             ink: Ink, rng: np.random.Generator) -> None:
    """Write on a picture, in place; where there is no ink, nothing changes.

    Args:
        image: float32 (H, W, 3), RGB in [0, 1].
        glyphs: Opacity of the letters, (H, W).
        effect: Opacity of what lies under them, or None.
        ink: The ink.
        rng: Source of randomness, for textures.
    """
    # The light of the place falls on the ink, too.
    light = cv2.blur(luminance(image), (31, 31))
    light = (light / max(mean(light), 1e-3)).clip(0.7, 1.3)[..., None]
    if effect is not None:
        _blend(image, effect * ink.opacity, ink.second * light, False)
    color = np.broadcast_to(ink.color, image.shape)
    if ink.effect == 'gradient':
        along = int(rng.integers(2))
        ramp = np.linspace(0, 1, image.shape[along], dtype=np.float32)
        ramp = ramp[:, None, None] if along == 0 else ramp[None, :, None]
        color = ink.color + (ink.second - ink.color) * 0.7 * ramp
    elif ink.effect == 'texture':
        noise = smooth_noise(rng, image.shape[:2], octaves=3, cells=6)
        color = color * (0.7 + 0.6 * noise[..., None])
    elif ink.effect == 'engraving':
        shift = np.float32([[1, 0, 1], [0, 1, 1]])
        moved = cv2.warpAffine(glyphs, shift, glyphs.shape[::-1])
        edge = (glyphs - moved).clip(0, 1)[..., None]
        color = image * 0.72 + 0.5 * edge
    _blend(image, glyphs * ink.opacity, (color * light).clip(0, 1),
           ink.multiply)


def _blend(image: np.ndarray, alpha: np.ndarray, color: np.ndarray,
           multiply: bool) -> None:
    alpha = alpha[..., None]
    image += alpha * ((image * color if multiply else color) - image)
