from __future__ import annotations
from pathlib import Path

import numpy as np

from .background_painter import BackgroundPainter
from .font_pool import FontPool
from .placed_word import PlacedWord
from .word_sprite import WordSprite
from .words import random_word

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# Pixels that stay free around a word, for its polygon and for traces.
GAP = 3
# Difference in luminance ([0, 1]) to the mean of the background behind a
# word: legible after the image was reduced, and well off a "do nothing".
MIN_CONTRAST = 0.38


class SceneComposer:
    """Chooses a background and words that stand out from it.

    Args:
        size: Height and width of the images in pixels.
        font_dir: See :class:`FontPool`.
        background_dir: See :class:`BackgroundPainter`.
    """

    def __init__(self,
                 size: tuple[int, int],
                 font_dir: str | Path | None = None,
                 background_dir: str | Path | None = None) -> None:
        self.size = size
        self.fonts = FontPool(font_dir)
        self.painter = BackgroundPainter(background_dir)

    def compose(
            self,
            rng: np.random.Generator,
            num_words: tuple[int, int] = (2, 5),
            max_angle: float = 12.,
            effect_rate: float = 0.35) -> tuple[np.ndarray, list[PlacedWord]]:
        """Make a background and place words on it, none over another.

        Args:
            rng: Source of randomness.
            num_words: Fewest and most words; there are fewer where the image
                has no room for them.
            max_angle: Largest rotation of a word, in degrees.
            effect_rate: Share of words with an outline or a shadow.

        Returns:
            The background alone, (H, W, 3) RGB float32 in [0, 1], and the
            words, which are not drawn on it yet.
        """
        background = self.painter.paint(rng, self.size)
        wanted = int(rng.integers(num_words[0], num_words[1] + 1))
        words: list[PlacedWord] = []
        # A large first word can leave no room: then begin anew, smaller.
        for shrink in (1., 0.85, 0.7, 0.6, 0.5):
            words = []
            for _ in range(6 * wanted):
                if len(words) == wanted:
                    break
                sprite = self._sprite(rng, max_angle, effect_rate, shrink)
                place = self._free_place(rng, sprite, words)
                if place is not None:
                    words.append(self._place(rng, sprite, place, background))
            if len(words) >= num_words[0]:
                break
        return background, words

    def _sprite(self, rng: np.random.Generator, max_angle: float,
                effect_rate: float, shrink: float) -> WordSprite:
        height, width = self.size
        side = min(self.size) * shrink
        font_size = rng.uniform(max(9., 0.12 * side), max(12., 0.26 * side))
        word = random_word(rng, max_length=8 if width >= 96 else 4)
        font_path = self.fonts.random_path(rng)
        angle = 0. if rng.random() < 0.4 else rng.uniform(-1, 1) * max_angle
        effect = None
        if rng.random() < effect_rate:
            effect = 'outline' if rng.random() < 0.5 else 'shadow'
        while True:
            sprite = WordSprite.render(
                word,
                font_path,
                round(font_size),
                angle,
                effect,
                effect_width=max(1., font_size / 16))
            tall, wide = sprite.glyph.shape
            fits = tall + 2 * GAP <= height and wide + 2 * GAP <= width
            if fits or font_size < 7:
                return sprite
            font_size *= 0.85

    def _free_place(self, rng: np.random.Generator, sprite: WordSprite,
                    words: list[PlacedWord]) -> tuple[int, int] | None:
        tall, wide = sprite.glyph.shape
        most_x = self.size[1] - wide - GAP
        most_y = self.size[0] - tall - GAP
        if most_x < GAP or most_y < GAP:
            return None
        for _ in range(25):
            x = int(rng.integers(GAP, most_x + 1))
            y = int(rng.integers(GAP, most_y + 1))
            if all(x > word.box[2] + 2 * GAP or y > word.box[3] +
                   2 * GAP or x + wide + 2 * GAP <= word.box[0] or y + tall +
                   2 * GAP <= word.box[1] for word in words):
                return x, y
        return None

    def _place(self, rng: np.random.Generator, sprite: WordSprite,
               place: tuple[int, int], background: np.ndarray) -> PlacedWord:
        tall, wide = sprite.glyph.shape
        x, y = place
        behind = background[y:y + tall, x:x + wide] @ LUMINANCE
        color = _contrasting(rng, behind)
        # An outline or shadow is seen against the letters, not the wall.
        effect_color = _contrasting(rng, np.array([color @ LUMINANCE]))
        return PlacedWord(sprite, x, y, color, effect_color,
                          float(rng.uniform(0.88, 1)))


def _contrasting(rng: np.random.Generator, behind: np.ndarray) -> np.ndarray:
    """An RGB color that stands out from the given luminances."""
    mean = behind.mean()
    low, high = np.percentile(behind, (5, 95))
    for _ in range(30):
        color = rng.random(3).astype(np.float32)
        luminance = color @ LUMINANCE
        clear = min(abs(luminance - low), abs(luminance - high))
        if (abs(luminance - mean) >= MIN_CONTRAST and clear >= 0.25
                and not low < luminance < high):
            return color
    shade = 0.04 if mean > 0.5 else 0.97
    return np.full(3, shade, np.float32)
