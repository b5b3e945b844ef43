"""How words are forged, on a finished picture."""
from __future__ import annotations
from unittest.mock import patch

import cv2
import numpy as np
import pytest

from upocr_mm.synthesis import forgeries, preset
from upocr_mm.synthesis.forgeries import Forger, Forgery
from upocr_mm.synthesis.letter_geometry import (MOST_STRETCH, font_of,
                                                glyphs_in_place)
from upocr_mm.synthesis.scene import Scene, SceneComposer

COMPOSER = SceneComposer(preset('document', size=(160, 192)))


@pytest.fixture(scope='module')
def scenes() -> list[Scene]:
    made = [COMPOSER.compose(np.random.default_rng([11, i])) for i in range(8)]
    return [scene for scene in made if len(scene.words) > 4]


def forged(scene: Scene, kind: str) -> list[tuple[Forger, Forgery]]:
    """Each word by itself."""
    done = []
    for index, word in enumerate(scene.words):
        forger = Forger(
            np.random.default_rng(index), COMPOSER, scene, scene.image.copy())
        if forger.can_forge(word):
            forgery = forger.forge(index, kind)
            if forgery is None:
                assert np.array_equal(forger.image, forger.host)
            else:
                done.append((forger, forgery))
    return done


def test_copied_words_and_characters_keep_their_shape(
        scenes: list[Scene]) -> None:
    copied: list = []
    copy = Forger._copy

    def noted(self: Forger, source: tuple, box: tuple) -> tuple:
        copied.append((source, box))
        return copy(self, source, box)

    with patch.object(Forger, '_copy', noted):
        done = [
            pair for scene in scenes for pair in forged(scene, 'copy_move')
        ]
    parts = [forgery.part for _, forgery in done]
    assert len(copied) == len(parts) > 30 and 0.3 < np.mean(parts) < 0.9
    for source, box in copied:
        wide, tall = ((b[2] - b[0] + 1) / (s[2] - s[0] + 1) if axis == 0 else
                      (b[3] - b[1] + 1) / (s[3] - s[1] + 1)
                      for axis, s, b in ((0, source, box), (1, source, box)))
        assert 1 / MOST_STRETCH <= wide / tall * (1 + 1e-9)
        assert wide / tall <= MOST_STRETCH * (1 + 1e-9)
    for forger, forgery in done:
        x1, y1, x2, y2 = forgery.box
        changed = (forger.image != forger.host).any(2)
        assert changed[y1:y2 + 1, x1:x2 + 1].any()
        changed[y1:y2 + 1, x1:x2 + 1] = False
        assert not changed.any()
        if forgery.part:
            word = forger.scene.words[forgery.word]
            left, _, right, _ = forger.tight_box(word)
            assert x2 - x1 < right - left + 8


@pytest.mark.parametrize('kind', ['retype', 'digits', 'generate', 'splice'])
def test_typed_letters_are_hardly_stretched(scenes: list[Scene],
                                            kind: str) -> None:
    factors = []

    def noted(word, text, span, box, font) -> np.ndarray:
        length = font_of(word, font).getlength(text)
        factors.append((span[1] - span[0]) / length)
        return glyphs_in_place(word, text, span, box, font)

    with patch.object(forgeries, 'glyphs_in_place', noted):
        done = [f for scene in scenes for f in forged(scene, kind)]
    assert len(factors) == len(done) > (0 if kind == 'digits' else 30)
    assert max(factors) <= 1.31 and min(factors) >= 1 / 1.31


def test_neighbors_are_not_erased(scenes: list[Scene]) -> None:
    erased = 0
    for scene in scenes:
        forger = Forger(
            np.random.default_rng(0), COMPOSER, scene, scene.image.copy())
        rows, columns = scene.size
        for word in scene.words:
            if not forger.can_forge(word):
                continue
            span = word.flat.characters[0], word.flat.characters[-1]
            x1, y1, x2, y2 = forger.tight_box(word)
            # Larger than any box: it reaches over the neighbors.
            box = (max(x1 - 20, 0), max(y1 - 12, 0), min(x2 + 20, columns - 1),
                   min(y2 + 12, rows - 1))
            region = np.s_[box[1]:box[3] + 1, box[0]:box[2] + 1]
            host = forger.host[region]
            changed = np.abs(forger._erased(word, span, box) - host).max(2)
            own = np.zeros(scene.size, np.uint8)
            cv2.fillPoly(own, [word.polygon.round().astype(np.int32)], 1)
            assert not (changed[own[region] == 0]).any()
            erased += (changed > 0.2).any()
    assert erased > 20
