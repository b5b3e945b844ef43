"""Tampering as forgers do it, on a finished picture.

``copy_move``: another word of the picture is pasted over; ``splice``: a word
from another picture; ``retype``: a word is erased and typed anew; ``digits``:
one or two digits of a number are changed; ``generate``: a word is drawn again
with the traces that generative editors leave.
"""
from __future__ import annotations
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .camera import compress, decompress, to_bytes
from .font_pool import draws, font_for
from .scene import COVERED, Scene, SceneWord, box_of
from .texts import SCRIPTS, Texts
from .textures import sensor_noise

# Smaller words are not forged, in pixels.
MIN_SIDE = 7
# The pixels of letters that show their color: those above this part of them.
STRONGEST = 0.7


class Forgery(NamedTuple):
    """What was done to a picture.

    Attributes:
        kind: One of the kinds above.
        word: Number of the word in the scene.
        box: x1, y1, x2, y2 of what was replaced, inclusive.
    """
    kind: str
    word: int
    box: tuple[int, int, int, int]


class Forger:
    """Forges words of one picture, in place.

    Args:
        rng: Source of randomness.
        scene: Where the words are.
        image: The finished picture, float32 (H, W, 3), RGB in [0, 1].
    """

    def __init__(self, rng: np.random.Generator, scene: Scene,
                 image: np.ndarray) -> None:
        self.rng = rng
        self.scene = scene
        self.image = image
        self.host = image.copy()

    def can_forge(self, word: SceneWord) -> bool:
        """Whether a word is large enough and well inside of the picture."""
        x1, y1, x2, y2 = self.tight_box(word)
        height, width = self.scene.size
        return (word.legible and min(x2 - x1, y2 - y1) >= MIN_SIDE and x1 > 0
                and y1 > 0 and x2 < width - 1 and y2 < height - 1)

    def tight_box(self, word: SceneWord) -> tuple[int, int, int, int]:
        """The box around a word's letters, without margin."""
        return box_of(word.warp.quadrilateral(word.flat.box), self.scene.size)

    def possible(self, word: SceneWord, kind: str) -> bool:
        """Whether a kind of forgery can be made of a word."""
        if kind == 'copy_move':
            return bool(self._sources(word))
        if kind == 'digits':
            return bool(_digit_places(word))
        return True

    def forge(self, index: int, kind: str) -> Forgery:
        """Replace a word.

        Args:
            index: Its number in the scene.
            kind: One of the kinds above that is possible.

        Returns:
            What was done.
        """
        word = self.scene.words[index]
        box = self._padded(self.tight_box(word))
        if kind == 'copy_move':
            self._copy_move(word, box)
        elif kind == 'splice':
            self._splice(word, box)
        elif kind == 'generate':
            self._generate(word, box)
        elif kind == 'digits':
            text, flat_box = self._other_digits(word)
            box = self._padded(
                box_of(word.warp.quadrilateral(flat_box), self.scene.size))
            self._retype(word, box, text, flat_box)
        else:
            self._retype(word, box, self.altered(word), word.flat.box)
        return Forgery(kind, index, box)

    def _sources(self, word: SceneWord) -> list[SceneWord]:
        """What may be copied: words of its block, others have another
        ground."""
        return [
            w for w in self.scene.words
            if w is not word and w.warp is word.warp and self.can_forge(w)
        ]

    def altered(self, word: SceneWord) -> str:
        """Another text of the same language that its font draws.

        Args:
            word: The word to replace.

        Returns:
            About as long; the letters backwards where no other fits.
        """
        texts = Texts(self.rng, word.flat.locale)
        for _ in range(4):
            new = texts.instead_of(word.text)
            if new != word.text and all(draws(word.flat.font, c) for c in new):
                return new
        return word.text[::-1]

    def _padded(self, box: tuple[int, ...]) -> tuple[int, int, int, int]:
        pad = int(self.rng.integers(1, 3))
        height, width = self.scene.size
        x1, y1, x2, y2 = box
        return (max(x1 - pad, 0), max(y1 - pad, 0), min(x2 + pad, width - 1),
                min(y2 + pad, height - 1))

    def _other_digits(self, word: SceneWord) -> tuple[str, tuple]:
        """New digits for one or two of a word, and their box on its canvas."""
        places = _digit_places(word)
        start = places[self.rng.integers(len(places))]
        stop = start + 1
        if stop in places and self.rng.random() < 0.4:
            stop += 1
        old = word.text[start:stop]
        new = old
        while new == old:
            new = ''.join(str(d) for d in self.rng.integers(0, 10, len(old)))
        _, y1, _, y2 = word.flat.box
        return new, (word.flat.characters[start], y1,
                     word.flat.characters[stop], y2)

    def _paste(self, patch: np.ndarray, box: tuple[int, int, int,
                                                   int]) -> None:
        """Put a patch into a box, its edges blended."""
        x1, y1, x2, y2 = box
        region = self.image[y1:y2 + 1, x1:x2 + 1]
        feather = self.rng.uniform(0.3, 2.5)
        rows = np.minimum(np.arange(len(region)), np.arange(len(region))[::-1])
        columns = np.arange(region.shape[1])
        columns = np.minimum(columns, columns[::-1])
        alpha = np.minimum.outer(rows, columns).astype(np.float32) + 1
        alpha = (alpha / (feather + 0.5)).clip(0, 1)[..., None]
        region += alpha * (patch - region)

    def _toned(self, patch: np.ndarray, box: tuple[int, int, int,
                                                   int]) -> np.ndarray:
        """A patch, shifted towards the colors of its new place, mostly."""
        x1, y1, x2, y2 = box
        here = np.median(self.host[y1:y2 + 1, x1:x2 + 1], (0, 1))
        share = self.rng.choice([0., 0.7, 1.], p=[0.2, 0.4, 0.4])
        return patch + np.float32(share) * (here - np.median(patch, (0, 1)))

    def _copy_move(self, word: SceneWord, box: tuple[int, int, int,
                                                     int]) -> None:
        sources = self._sources(word)
        source = sources[self.rng.integers(len(sources))]
        x1, y1, x2, y2 = self._padded(self.tight_box(source))
        patch = self.host[y1:y2 + 1, x1:x2 + 1]
        size = (box[2] - box[0] + 1, box[3] - box[1] + 1)
        patch = cv2.resize(patch, size, interpolation=cv2.INTER_CUBIC)
        self._paste(self._toned(patch, box), box)

    def _splice(self, word: SceneWord, box: tuple[int, int, int, int]) -> None:
        """A word on its own ground, with its own grain and compression."""
        rng = self.rng
        x1, y1, x2, y2 = box
        size = (y2 - y1 + 1, x2 - x1 + 1)
        here = self.host[y1:y2 + 1, x1:x2 + 1]
        ground = np.median(here, (0, 1)) + rng.normal(0, 0.05, 3)
        patch = np.broadcast_to(ground.astype(np.float32), (*size, 3)).copy()
        ramp = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :, None]
        patch *= 1 + np.float32(rng.uniform(-0.1, 0.1)) * ramp
        glyphs = self._glyphs(word, self.altered(word), word.flat.box, box)
        self._write(patch, glyphs, word, 0.06)
        patch = cv2.GaussianBlur(patch, (0, 0), rng.uniform(0.3, 1))
        patch += sensor_noise(rng, size, rng.uniform(0, 0.05))
        if min(size) >= 8:
            quality = int(rng.integers(40, 92))
            patch = decompress(compress(to_bytes(patch), quality))
            patch = patch.astype(np.float32) / 255
        self._paste(patch, box)

    def _retype(self, word: SceneWord, box: tuple[int, int, int, int],
                text: str, flat_box: tuple) -> None:
        """Erase by inpainting, then type; without grain, or with another."""
        rng = self.rng
        patch = self._erased(box)
        glyphs = self._glyphs(word, text, flat_box, box)
        if rng.random() < 0.6:
            glyphs = cv2.GaussianBlur(glyphs, (0, 0), rng.uniform(0.3, 0.8))
        self._write(patch, glyphs, word, 0.02)
        if rng.random() < 0.3:
            patch += sensor_noise(rng, glyphs.shape, rng.uniform(0, 0.02))
        self._paste(patch, box)

    def _generate(self, word: SceneWord, box: tuple[int, int, int,
                                                    int]) -> None:
        """Type, then what an upsampling network does to the whole patch."""
        rng = self.rng
        patch = self._erased(box)
        glyphs = self._glyphs(word, self.altered(word), word.flat.box, box)
        self._write(patch, glyphs, word, 0.04)
        height, width = glyphs.shape
        factor = rng.uniform(0.45, 0.85)
        small = (max(2, int(width * factor)), max(2, int(height * factor)))
        patch = cv2.resize(patch, small, interpolation=cv2.INTER_AREA)
        patch = cv2.resize(
            patch, (width, height), interpolation=cv2.INTER_CUBIC)
        if rng.random() < 0.5:
            patch = cv2.bilateralFilter(patch, 5, 0.1, 2)
        rows, columns = np.indices(glyphs.shape)
        period = int(rng.choice([2, 2, 4]))
        pattern = ((rows // (period // 2) + columns // (period // 2)) % 2)
        patch += (np.float32(rng.uniform(0.003, 0.02)) *
                  (2 * pattern - 1))[..., None]
        patch += rng.normal(0, 0.015, 3).astype(np.float32)
        self._paste(patch, box)

    def _erased(self, box: tuple[int, int, int, int]) -> np.ndarray:
        """The box of the picture without its letters, inpainted."""
        x1, y1, x2, y2 = box
        pad = 6
        top, left = max(y1 - pad, 0), max(x1 - pad, 0)
        rows, columns = slice(top, y2 + 1 + pad), slice(left, x2 + 1 + pad)
        ink = self.scene.ink[rows, columns].astype(np.uint8)
        ink = cv2.dilate(ink, np.ones((3, 3), np.uint8))
        region = to_bytes(self.host[rows, columns])
        filled = cv2.inpaint(region, ink, 3, cv2.INPAINT_TELEA)
        inside = filled[y1 - top:y2 + 1 - top, x1 - left:x2 + 1 - left]
        return inside.astype(np.float32) / 255

    def _write(self, patch: np.ndarray, glyphs: np.ndarray, word: SceneWord,
               spread: float) -> None:
        """Put letters on a patch, in place, as strong as those of the word.

        Args:
            patch: Without letters, (H, W, 3).
            glyphs: Opacity of the new letters, (H, W).
            word: What is forged.
            spread: Standard deviation of the color around the word's.
        """
        x1, y1, x2, y2 = self.tight_box(word)
        region = np.s_[y1:y2 + 1, x1:x2 + 1]
        seen = self.host[region][self.scene.strokes[region] > COVERED]
        if not len(seen):
            seen = self.host[region].reshape(-1, 3)
        # Thin or blurred letters are mixed with their ground everywhere: what
        # is most unlike it has their color, and new ones that are as thin
        # need a stronger one to look alike.
        ground = np.median(patch, (0, 1))
        distances = np.abs(seen - ground).sum(1)
        far = np.sort(distances)[int(STRONGEST * len(distances))]
        color = np.median(seen[distances >= far], 0)
        covered = np.sort(glyphs[glyphs > 0.2])
        if len(covered):
            solid = covered[int(STRONGEST * len(covered))]
            color = ground + (color - ground) / solid
        color = (color + self.rng.normal(0, spread, 3)).clip(0, 1)
        patch += glyphs[..., None] * (color.astype(np.float32) - patch)

    def _glyphs(self, word: SceneWord, text: str, flat_box: tuple,
                box: tuple[int, int, int, int]) -> np.ndarray:
        """New letters in the place of old ones, opacity within a box."""
        x1, y1, x2, y2 = flat_box
        tall = max(int(y2 - y1), 8)
        script = SCRIPTS.get(word.flat.locale, 'latin')
        font = font_for(script)(word.flat.font, 2 * tall)
        left, top, right, bottom = font.getbbox(text)
        flat = Image.new('L',
                         (max(right - left, 1) + 4, max(bottom - top, 1) + 4))
        ImageDraw.Draw(flat).text((2 - left, 2 - top), text, 255, font)
        quad = word.warp.points(
            np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], float))
        corners = np.float32([[2, 2], [flat.width - 2, 2],
                              [flat.width - 2, flat.height - 2],
                              [2, flat.height - 2]])
        moved = (quad - box[:2]).astype(np.float32)
        size = (box[2] - box[0] + 1, box[3] - box[1] + 1)
        glyphs = cv2.warpPerspective(
            cv2.GaussianBlur(np.asarray(flat), (0, 0), 0.8),
            cv2.getPerspectiveTransform(corners, moved), size)
        return glyphs.astype(np.float32) / 255


def _digit_places(word: SceneWord) -> list[int]:
    return [i for i, c in enumerate(word.text) if c in '0123456789']
