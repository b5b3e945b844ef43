"""Tampering as forgers do it, on a finished picture.

``copy_move``: another word of the block, or some characters of one, are pasted
over; ``splice``: a word of another picture; ``retype``: a word is erased and
typed anew; ``digits``: one or two digits of a number are changed;
``generate``: a word is drawn again with the traces that generative editors
leave.
"""
from __future__ import annotations
from typing import NamedTuple

import cv2
import numpy as np

from .camera import Camera, decompress, to_bytes
from .font_pool import SHAPED, draws
from .inks import choose_ink, draw_ink
from .letter_geometry import (Box, alike, digit_places, font_of,
                              glyphs_in_place, ink_box, same_shape, span_of,
                              stretch_of)
from .scene import COVERED, Scene, SceneComposer, SceneWord, box_of
from .texts import SCRIPTS, Texts
from .textures import sensor_noise

# Smaller words are not forged, in pixels.
MIN_SIDE = 7
# The pixels of letters that show their color: those above this part of them.
STRONGEST = 0.7
# Shorter side of the ground that a spliced word is cut from, in pixels.
SPLICED_FROM = 64
# Fewest pixels on each side of characters that are copied.
MIN_CHARACTERS = 4
# x1, y1, x2, y2 on a canvas.
FlatBox = tuple[float, float, float, float]


class Forgery(NamedTuple):
    """What was done to a picture.

    Attributes:
        kind: One of the kinds above.
        word: Number of the word in the scene.
        box: x1, y1, x2, y2 of what was replaced, inclusive.
        part: Whether only some characters of the word were replaced.
    """
    kind: str
    word: int
    box: Box
    part: bool


class Forger:
    """Forges words of one picture, in place.

    Args:
        rng: Source of randomness.
        composer: Has fonts and grounds of other pictures.
        scene: Where the words are.
        image: The finished picture, float32 (H, W, 3), RGB in [0, 1].
    """

    def __init__(self, rng: np.random.Generator, composer: SceneComposer,
                 scene: Scene, image: np.ndarray) -> None:
        self.rng = rng
        self.composer = composer
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

    def forge(self, index: int, kind: str) -> Forgery | None:
        """Replace a word, or some of its characters.

        Args:
            index: Its number in the scene.
            kind: One of the kinds above.

        Returns:
            What was done; None if nothing that fits was found: the picture
            is as before.
        """
        word = self.scene.words[index]
        part = kind == 'digits'
        if kind == 'copy_move':
            part = self.rng.random() < 0.5
            box = (self._copy_characters if part else self._copy_word)(word)
        elif kind == 'splice':
            box = self._splice(word)
        elif kind == 'generate':
            box = self._generate(word)
        elif kind == 'digits':
            box = self._change_digits(word)
        else:
            text = self.altered(word)
            box = text and self._retype(word, text, span_of(word))
        return Forgery(kind, index, box, part) if box else None

    def _sources(self, word: SceneWord) -> list[SceneWord]:
        """What may be copied: words of its block, others have another
        ground."""
        return [
            w for w in self.scene.words
            if w.warp is word.warp and self.can_forge(w)
        ]

    def altered(self, word: SceneWord, font: str | None = None) -> str | None:
        """Another text of the same language that a font draws.

        Args:
            word: The word to replace.
            font: By default its own.

        Returns:
            About as long and as wide; None if none was found.
        """
        font = font or word.flat.font
        texts = Texts(self.rng, word.flat.locale)
        start, stop = span_of(word)
        for _ in range(4):
            new = texts.instead_of(word.text)
            if new != word.text and all(draws(font, c) for c in new):
                if alike(font_of(word, font).getlength(new), stop - start):
                    return new
        return None

    def _padded(self, box: Box) -> Box:
        pad = int(self.rng.integers(1, 3))
        height, width = self.scene.size
        x1, y1, x2, y2 = box
        return (max(x1 - pad, 0), max(y1 - pad, 0), min(x2 + pad, width - 1),
                min(y2 + pad, height - 1))

    def _change_digits(self, word: SceneWord) -> Box | None:
        """Retype one or two digits."""
        places = digit_places(word)
        if not places:
            return None
        start = places[self.rng.integers(len(places))]
        stop = start + 1
        if stop in places and self.rng.random() < 0.4:
            stop += 1
        old = word.text[start:stop]
        new = old
        while new == old:
            new = ''.join(str(d) for d in self.rng.integers(0, 10, len(old)))
        span = word.flat.characters[start], word.flat.characters[stop]
        width = font_of(word, word.flat.font).getlength(new)
        if not alike(width, span[1] - span[0]):
            return None
        return self._retype(word, new, span)

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

    def _copy(self, source: Box, box: Box) -> Box:
        """Paste one box of the picture over another."""
        x1, y1, x2, y2 = source
        patch = self.host[y1:y2 + 1, x1:x2 + 1]
        size = (box[2] - box[0] + 1, box[3] - box[1] + 1)
        patch = cv2.resize(patch, size, interpolation=cv2.INTER_CUBIC)
        self._paste(self._toned(patch, box), box)
        return box

    def _copy_word(self, word: SceneWord) -> Box | None:
        """Paste another word over one."""
        box = self._padded(self.tight_box(word))
        sources = [
            source for source in (self._padded(self.tight_box(w))
                                  for w in self._sources(word)
                                  if w is not word and w.text != word.text)
            if same_shape(source, box)
        ]
        if not sources:
            return None
        return self._copy(sources[self.rng.integers(len(sources))], box)

    def _copy_characters(self, word: SceneWord) -> Box | None:
        """Paste one to three characters over as many of the same or another
        word."""
        rng, sources = self.rng, self._sources(word)
        if SCRIPTS.get(word.flat.locale, 'latin') in SHAPED:
            return None
        for _ in range(12):
            source = sources[rng.integers(len(sources))]
            most = min(len(word.text), len(source.text), 3)
            count = int(rng.integers(1, most + 1))
            to = int(rng.integers(0, len(word.text) - count + 1))
            of = int(rng.integers(0, len(source.text) - count + 1))
            # As far above and below the baseline, so that it stays in place.
            words = (word.flat, source.flat)
            top = min(flat.box[1] - flat.baseline for flat in words)
            bottom = max(flat.box[3] - flat.baseline for flat in words)
            box, other = (self._picture_box(
                w,
                (w.flat.characters[start], w.flat.baseline + top,
                 w.flat.characters[start + count], w.flat.baseline + bottom))
                          for w, start in ((word, to), (source, of)))
            if (word.text[to:to + count] != source.text[of:of + count]
                    and min(box[2] - box[0], box[3] - box[1], other[2] -
                            other[0], other[3] - other[1]) >= MIN_CHARACTERS
                    and same_shape(other, box)):
                return self._copy(other, box)
        return None

    def _picture_box(self, word: SceneWord, flat_box: FlatBox) -> Box:
        """Around a part of a word's canvas, in the picture."""
        return box_of(word.warp.quadrilateral(flat_box), self.scene.size)

    def _typed_box(self, word: SceneWord, text: str, span: tuple[float, float],
                   font: str) -> Box:
        """Around old letters and the new ones that replace them."""
        left, top, right, bottom = ink_box(word, text, font)
        start, base = span[0], word.flat.baseline
        stretch = stretch_of(word, text, span, font)
        x1, y1, x2, y2 = word.flat.box
        if span != span_of(word):
            x1, x2 = span
        return self._padded(
            self._picture_box(
                word,
                (min(x1, start + left * stretch), min(y1, base + top),
                 max(x2, start + right * stretch), max(y2, base + bottom))))

    def _splice(self, word: SceneWord) -> Box | None:
        """A word in another font and ink, on another ground, taken by another
        camera."""
        rng, composer = self.rng, self.composer
        script = SCRIPTS.get(word.flat.locale, 'latin')
        font, span = composer.fonts.pick(rng, script), span_of(word)
        text = self.altered(word, font)
        if text is None:
            return None
        box = x1, y1, x2, y2 = self._typed_box(word, text, span, font)
        size = (y2 - y1 + 1, x2 - x1 + 1)
        # Words lie in the middle of a ground, not on the border of the paper.
        tall, wide = (max(SPLICED_FROM, 3 * side // 2) for side in size)
        ground, is_paper = composer.ground(rng, (tall, wide))
        top, left = (tall - size[0]) // 2, (wide - size[1]) // 2
        patch = ground[top:top + size[0], left:left + size[1]]
        # Forgers choose what has about the color, and match it.
        patch = self._toned(patch, box).astype(np.float32).clip(0, 1)
        glyphs = glyphs_in_place(word, text, span, box, font)
        ink = choose_ink(rng, patch.reshape(-1, 3), word.height, 0., 0., 0.,
                         is_paper)
        draw_ink(patch, glyphs, None, ink, rng)
        camera = Camera.draw(rng, composer.config.camera, size)
        if min(size) >= 8:
            patch = decompress(camera.take(patch))
        else:
            patch = camera.expose(patch)
        self._paste(patch.astype(np.float32) / 255, box)
        return box

    def _retype(self, word: SceneWord, text: str, span: tuple[float,
                                                              float]) -> Box:
        """Erase by inpainting, then type; without grain, or with another."""
        rng = self.rng
        box = self._typed_box(word, text, span, word.flat.font)
        patch = self._erased(word, span, box)
        glyphs = glyphs_in_place(word, text, span, box, word.flat.font)
        if rng.random() < 0.6:
            glyphs = cv2.GaussianBlur(glyphs, (0, 0), rng.uniform(0.3, 0.8))
        self._write(patch, glyphs, word, 0.02)
        if rng.random() < 0.3:
            patch += sensor_noise(rng, glyphs.shape, rng.uniform(0, 0.02))
        self._paste(patch, box)
        return box

    def _generate(self, word: SceneWord) -> Box | None:
        """Type, then what an upsampling network does to the whole patch."""
        rng, font, span = self.rng, word.flat.font, span_of(word)
        text = self.altered(word)
        if text is None:
            return None
        box = self._typed_box(word, text, span, font)
        patch = self._erased(word, span, box)
        glyphs = glyphs_in_place(word, text, span, box, font)
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
        return box

    def _erased(self, word: SceneWord, span: tuple[float, float],
                box: Box) -> np.ndarray:
        """A box of the picture without letters of a word, inpainted.

        Args:
            word: The word; others keep their letters.
            span: From where to where on its canvas.
            box: What is returned.
        """
        x1, y1, x2, y2 = box
        pad = 6
        top, left = max(y1 - pad, 0), max(x1 - pad, 0)
        rows, columns = slice(top, y2 + 1 + pad), slice(left, x2 + 1 + pad)
        ink = self.scene.ink[rows, columns].astype(np.uint8)
        ink = cv2.dilate(ink, np.ones((3, 3), np.uint8))
        region = to_bytes(self.host[rows, columns])
        filled = cv2.inpaint(region, ink, 3, cv2.INPAINT_TELEA)
        own = np.zeros_like(ink)
        around = word.around if span == span_of(word) else (span[0],
                                                            word.around[1],
                                                            span[1],
                                                            word.around[3])
        self._fill(own, word.warp.quadrilateral(around), (left, top), 1)
        for other in self.scene.words:
            if other is not word:
                self._fill(own, other.warp.quadrilateral(other.flat.box),
                           (left, top), 0)
        patch = np.where(own[..., None] > 0,
                         filled.astype(np.float32) / 255, self.host[rows,
                                                                    columns])
        return np.ascontiguousarray(patch[y1 - top:y2 + 1 - top,
                                          x1 - left:x2 + 1 - left])

    @staticmethod
    def _fill(mask: np.ndarray, polygon: np.ndarray, origin: tuple[int, int],
              value: int) -> None:
        """Fill a polygon of the picture in a mask that begins elsewhere."""
        cv2.fillPoly(mask, [(polygon - origin).round().astype(np.int32)],
                     value)

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
