from __future__ import annotations
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .font_pool import load_font

# Words are rendered this much larger and averaged down: smooth edges at any
# angle.
OVERSAMPLING = 3
# Polygons keep this distance (pixels) from the outermost ink, so that they
# hold all of it after rounding to integers.
MARGIN = 1.5


@dataclass
class WordSprite:
    """A word on a transparent ground, cut to the ink.

    Attributes:
        glyph: Opacity of the letters, (H, W) float32 in [0, 1].
        effect: Opacity of the outline or shadow that lies under the letters,
            (H, W) float32 in [0, 1]; all 0 if the word has none.
        polygon: Corners of the (rotated) rectangle around letters and
            effect, (4, 2) float x, y in pixels of the sprite, clockwise from
            the top left of the word; they lie a little outside the sprite.
    """

    glyph: np.ndarray
    effect: np.ndarray
    polygon: np.ndarray

    @classmethod
    def render(cls,
               word: str,
               font_path: str,
               font_size: int,
               angle: float = 0.,
               effect: str | None = None,
               effect_width: float = 1.) -> WordSprite:
        """Render one word.

        Args:
            word: The text.
            font_path: Font file.
            font_size: Font size in pixels.
            angle: Rotation in degrees, counter-clockwise.
            effect: ``'outline'``, ``'shadow'`` or None.
            effect_width: Width of the outline or offset of the shadow, in
                pixels.
        """
        font = load_font(font_path, font_size * OVERSAMPLING)
        reach = max(1, round(effect_width * OVERSAMPLING)) if effect else 0
        left, top, right, bottom = font.getbbox(word)
        pad = 2 * reach + 2 * OVERSAMPLING
        canvas = (right - left + 2 * pad, bottom - top + 2 * pad)
        origin = (pad - left, pad - top)
        glyph = Image.new('L', canvas)
        ImageDraw.Draw(glyph).text(origin, word, 255, font)
        under = Image.new('L', canvas)
        if effect == 'outline':
            ImageDraw.Draw(under).text(
                origin, word, 255, font, stroke_width=reach)
        elif effect == 'shadow':
            moved = (origin[0] + reach, origin[1] + reach)
            ImageDraw.Draw(under).text(moved, word, 255, font)
            under = under.filter(ImageFilter.GaussianBlur(reach / 4))
        ink = np.maximum(np.asarray(glyph), np.asarray(under))
        corners = _ink_corners(ink)

        center = np.array(canvas) / 2
        turned = [
            layer.rotate(angle, Image.Resampling.BICUBIC, expand=True)
            for layer in (glyph, under)
        ]
        radians = np.deg2rad(angle)
        # The y axis points down: this is counter-clockwise on the screen.
        turn = np.array([[np.cos(radians), np.sin(radians)],
                         [-np.sin(radians), np.cos(radians)]])
        corners = (corners - center) @ turn.T + np.array(turned[0].size) / 2
        small = [
            np.asarray(layer.reduce(OVERSAMPLING), np.float32) / 255
            for layer in turned
        ]
        rows, columns = np.nonzero(np.maximum(*small) > 0)
        y, x = rows.min(), columns.min()
        cut = np.s_[y:rows.max() + 1, x:columns.max() + 1]
        polygon = corners / OVERSAMPLING - (x, y)
        return cls(small[0][cut], small[1][cut], _grow(polygon, MARGIN))

    @property
    def ink(self) -> np.ndarray:
        """Where the word hides the background at all, (H, W) bool."""
        return np.maximum(self.glyph, self.effect) > 0


def _ink_corners(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(ink)
    x1, x2 = columns.min(), columns.max() + 1
    y1, y2 = rows.min(), rows.max() + 1
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], float)


def _grow(polygon: np.ndarray, margin: float) -> np.ndarray:
    """Move the sides of a rectangle outwards by ``margin``."""
    across = polygon[1] - polygon[0]
    down = polygon[3] - polygon[0]
    across, down = (
        margin * side / np.linalg.norm(side) for side in (across, down))
    return polygon + np.stack(
        [-across - down, across - down, across + down, down - across])
