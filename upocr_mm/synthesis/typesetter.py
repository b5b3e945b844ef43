from __future__ import annotations

import numpy as np
from PIL import Image, ImageFont

from .font_pool import FontPool, draws, font_for
from .page_canvas import MAIN, OTHER, PageCanvas
from .texts import Texts

# Share of words in another ink that have a label of their own.
LABELED = 1 / 3


class Typesetter:
    """Writes lines in the fonts of one block.

    Args:
        rng: Source of randomness.
        texts: What is written.
        fonts: All fonts.
        odd_words: Share of words that differ from their neighbors.
    """

    def __init__(self, rng: np.random.Generator, texts: Texts, fonts: FontPool,
                 odd_words: float) -> None:
        self.rng = rng
        self.texts = texts
        self.fonts = fonts
        self.odd_words = odd_words
        self._lines = 0

    def font(self,
             size: float,
             path: str | None = None,
             monospaced: bool = False) -> ImageFont.FreeTypeFont:
        """A font of the script of the texts.

        Args:
            size: Height of a line in pixels.
            path: The file; by default one of the pool.
            monospaced: Prefer a font whose letters are equally wide.
        """
        if path is None:
            path = self.fonts.pick(self.rng, self.texts.script, monospaced)
        return font_for(self.texts.script)(path, max(4, round(size)))

    def write(self,
              canvas: PageCanvas,
              x: float,
              baseline: float,
              text: str,
              font: ImageFont.FreeTypeFont,
              align: str = 'left',
              style: int = MAIN) -> None:
        """Write a line, word by word.

        Args:
            canvas: Where to.
            x: Left end, middle or right end of the line, in pixels.
            baseline: Row of its baseline.
            text: The words.
            font: The font.
            align: ``'left'``, ``'center'`` or ``'right'``: what ``x`` is.
            style: Which ink.
        """
        # A font of a script may lack some of its characters.
        words = ''.join(c for c in text
                        if c == ' ' or draws(font.path, c)).split()
        if self.texts.right_to_left:
            words = words[::-1]
        fonts = [font] * len(words)
        styles = [style] * len(words)
        labels = [False] * len(words)
        for i in range(len(words)):
            if self.rng.random() < self.odd_words:
                path = font.path if self.rng.random() < 0.5 else None
                factor = self.rng.uniform(0.85, 1.15)
                odd = self.font(font.size * factor, path)
                if all(draws(odd.path, c) for c in words[i]):
                    fonts[i] = odd
                if self.rng.random() < 0.5:
                    styles[i] = OTHER
                    labels[i] = self.rng.random() < LABELED
        space = font.getlength(' ')
        widths = [f.getlength(word) for f, word in zip(fonts, words)]
        total = sum(widths) + space * (len(words) - 1)
        x -= dict(left=0., center=total / 2, right=total)[align]
        for word, width, f, which, labeled in zip(words, widths, fonts, styles,
                                                  labels):
            canvas.put_word(x, baseline, word, f, self._lines,
                            self.texts.locale, which)
            if labeled:
                self._label(
                    canvas,
                    (x, baseline - f.size, x + width, baseline + 0.3 * f.size))
            x += width + space
        self._lines += 1

    def _label(self, canvas: PageCanvas, box: tuple[float, ...]) -> None:
        """Tint the place of a word, as a sticker or a pen does."""
        color = (*(int(v) for v in self.rng.integers(0, 256, 3)),
                 int(self.rng.integers(40, 110)))
        width, height = canvas.size
        x1, y1, x2, y2 = (round(v) for v in box)
        x1, y1 = max(x1 - 2, 0), max(y1, 0)
        x2, y2 = min(x2 + 2, width), min(y2, height)
        if x1 < x2 and y1 < y2:
            canvas.pen()
            canvas.decor.alpha_composite(
                Image.new('RGBA', (x2 - x1, y2 - y1), color), (x1, y1))

    def wrap(self, text: str, font: ImageFont.FreeTypeFont,
             width: float) -> list[str]:
        """Break a text into lines.

        Args:
            text: The text; without spaces, in scripts that have none, it is
                broken anywhere.
            font: The font.
            width: Of a line, in pixels.
        """
        space = font.getlength(' ')
        lines: list[str] = []
        used = width
        for word in text.split():
            length = font.getlength(word)
            if lines and used + space + length <= width:
                lines[-1] += f' {word}'
                used += space + length
            elif length <= width:
                lines.append(word)
                used = length
            elif len(word) > 1:
                keep = max(1, int(len(word) * width / length))
                lines += [word[i:i + keep] for i in range(0, len(word), keep)]
                used = width
        return lines
