"""Letters in the place of others: their size, place and width."""
from __future__ import annotations
import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .font_pool import font_for
from .scene import SceneWord
from .texts import SCRIPTS

# New letters are stretched in width by at most this factor.
MOST_STRETCH = 1.3
# x1, y1, x2, y2, inclusive in the picture.
Box = tuple[int, int, int, int]


def glyphs_in_place(word: SceneWord, text: str, span: tuple[float, float],
                    box: Box, font: str) -> np.ndarray:
    """New letters in the place of old ones, on their baseline.

    Args:
        word: The word.
        text: The new letters.
        span: From where to where they reach on its canvas.
        box: Of the picture.
        font: Path of the font.

    Returns:
        Their opacity within the box, float32 (H, W).
    """
    left, top, right, bottom = ink_box(word, text, font)
    flat = Image.new('L', (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(flat).text((2 - left, 2 - top),
                              text,
                              255,
                              font_of(word, font),
                              anchor='ls')
    x1, y1, x2, y2 = box
    x, y = word.warp.maps((slice(y1, y2 + 1), slice(x1, x2 + 1)))
    stretch = stretch_of(word, text, span, font)
    glyphs = cv2.remap(
        np.asarray(flat),
        (x - float(span[0])) * float(1 / stretch) + float(2 - left),
        y - float(word.flat.baseline + top - 2), cv2.INTER_LINEAR)
    return glyphs.astype(np.float32) / 255


def digit_places(word: SceneWord) -> list[int]:
    """Indices of the digits in a word."""
    return [i for i, c in enumerate(word.text) if c in '0123456789']


def span_of(word: SceneWord) -> tuple[float, float]:
    """From where to where the pen moves for a word on its canvas."""
    return word.flat.characters[0], word.flat.characters[-1]


def font_of(word: SceneWord, path: str) -> ImageFont.FreeTypeFont:
    """A font in the size of a word."""
    script = SCRIPTS.get(word.flat.locale, 'latin')
    return font_for(script)(path, word.flat.font_size)


def ink_box(word: SceneWord, text: str, font: str) -> Box:
    """The box around a text's ink, from the start of its baseline."""
    left, top, right, bottom = font_of(word, font).getbbox(text, anchor='ls')
    left, top = math.floor(left), math.floor(top)
    return (left, top, max(math.ceil(right),
                           left + 1), max(math.ceil(bottom), top + 1))


def stretch_of(word: SceneWord, text: str, span: tuple[float, float],
               font: str) -> float:
    """By which factor a text is widened to reach from end to end."""
    return (span[1] - span[0]) / max(font_of(word, font).getlength(text), 1)


def same_shape(first: Box, second: Box) -> bool:
    """Whether one box can take the content of another without distortion."""
    return alike((first[2] - first[0] + 1) * (second[3] - second[1] + 1),
                 (second[2] - second[0] + 1) * (first[3] - first[1] + 1))


def alike(first: float, second: float) -> bool:
    """Whether the larger one is at most ``MOST_STRETCH`` times the other."""
    return max(first, second) <= MOST_STRETCH * min(first, second)
