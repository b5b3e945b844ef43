"""A flat piece of text, before it is put into a picture."""
from __future__ import annotations
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Styles of ink: that of the block, and that of what differs from it.
MAIN, OTHER = 0, 1


@dataclass
class FlatWord:
    """A word on a canvas.

    Attributes:
        text: What it says.
        box: x1, y1, x2, y2 of its ink, in pixels; the last two lie outside.
        line: Number of its line in the block.
        style: ``MAIN`` or ``OTHER``.
        characters: x of the beginning of each character, and the end.
        baseline: y of its baseline.
        font: Path of its font.
        font_size: Size of its font, in pixels.
        locale: Its language, as Faker names it.
    """
    text: str
    box: tuple[int, int, int, int]
    line: int
    style: int
    characters: tuple[float, ...]
    baseline: int
    font: str
    font_size: int
    locale: str


@dataclass
class PageCanvas:
    """What a layout writes on.

    Attributes:
        size: Width and height in pixels.
        inks: For each style the opacity of its letters, mode ``L``.
        decor: What is no text: panels, rules, frames, icons; ``RGBA``.
        words: What was written.
    """
    size: tuple[int, int]
    inks: dict[int, Image.Image] = field(default_factory=dict)
    decor: Image.Image | None = None
    words: list[FlatWord] = field(default_factory=list)

    def pen(self) -> ImageDraw.ImageDraw:
        """What draws decoration."""
        if self.decor is None:
            self.decor = Image.new('RGBA', self.size)
        return ImageDraw.Draw(self.decor)

    def put_word(self,
                 x: float,
                 baseline: float,
                 word: str,
                 font: ImageFont.FreeTypeFont,
                 line: int,
                 locale: str,
                 style: int = MAIN) -> None:
        """Write a word.

        Args:
            x: Its left end, in pixels.
            baseline: Row of its baseline.
            word: The word, without spaces.
            font: The font.
            line: Number of its line.
            locale: Its language.
            style: Which ink.
        """
        if style not in self.inks:
            self.inks[style] = Image.new('L', self.size)
        draw = ImageDraw.Draw(self.inks[style])
        place = (round(x), round(baseline))
        left, top, right, bottom = draw.textbbox(
            place, word, font, anchor='ls')
        width, height = self.size
        box = (max(int(left),
                   0), max(int(top),
                           0), min(int(np.ceil(right)),
                                   width), min(int(np.ceil(bottom)), height))
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        draw.text(place, word, 255, font, anchor='ls')
        starts = [place[0] + font.getlength(word[:i])
                  for i in range(len(word) + 1)]  # yapf: disable
        self.words.append(
            FlatWord(word, box, line, style, tuple(starts), place[1],
                     str(font.path), int(font.size), locale))
