from __future__ import annotations
from dataclasses import dataclass

import numpy as np

from .word_sprite import WordSprite


@dataclass
class PlacedWord:
    """A word with its place in an image and its colors.

    Attributes:
        sprite: The word.
        x: Column of the sprite's left edge in the image.
        y: Row of the sprite's top edge in the image.
        color: RGB of the letters, (3, ) in [0, 1].
        effect_color: RGB of outline or shadow, (3, ) in [0, 1].
        opacity: Opacity of the whole word, in (0, 1].
    """

    sprite: WordSprite
    x: int
    y: int
    color: np.ndarray
    effect_color: np.ndarray
    opacity: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the image under the sprite."""
        height, width = self.sprite.glyph.shape
        return (slice(self.y, self.y + height), slice(self.x, self.x + width))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Corners x1, y1, x2, y2 of the ink, inclusive."""
        height, width = self.sprite.glyph.shape
        return (self.x, self.y, self.x + width - 1, self.y + height - 1)

    def polygon(self, size: tuple[int, int]) -> np.ndarray:
        """The rectangle that holds the ink, as corners of pixels.

        Args:
            size: Height and width of the image.

        Returns:
            Integer x, y of four points inside the image, (4, 2), clockwise
            from the top left of the word.
        """
        # A pixel's index is the place of its center minus one half.
        corners = self.sprite.polygon + (self.x - 0.5, self.y - 0.5)
        limit = (size[1] - 1, size[0] - 1)
        return np.clip(np.rint(corners), 0, limit).astype(int)

    def draw_on(self, image: np.ndarray) -> None:
        """Blend the word into an RGB image (H, W, 3) in [0, 1], in place."""
        region = image[self.window]
        for alpha, color in ((self.sprite.effect, self.effect_color),
                             (self.sprite.glyph, self.color)):
            region += self.opacity * alpha[..., None] * (color - region)
