from __future__ import annotations

import numpy as np
import pytest

from upocr_mm.evaluation.functional import all_real, inpaint_text, otsu_text


def test_inpainting_touches_the_text_alone() -> None:
    """A black square on a plain ground disappears."""
    image = np.full((20, 30, 3), (200, 120, 40), np.uint8)
    mask = np.zeros((20, 30), np.uint8)
    mask[8:12, 10:16] = 255
    picture = image.copy()
    picture[mask != 0] = 0
    picture[0, 0] = 7
    answer = inpaint_text(picture, mask)
    # Telea rounds pixel by pixel; the ink is 200 away.
    assert np.abs(answer[mask != 0].astype(int) - (200, 120, 40)).max() <= 3
    np.testing.assert_array_equal(answer[mask == 0], picture[mask == 0])


@pytest.mark.parametrize('ink, paper', [(30, 220), (220, 30)])
def test_otsu_chooses_the_polarity(ink: int, paper: int) -> None:
    """By the target; ignored pixels do not count."""
    target = np.zeros((10, 10), np.uint8)
    target[2:4, 2:8] = 1
    gray = np.where(target == 1, ink, paper).astype(np.uint8)
    # As many pixels of the color of the ink, that are ignored.
    gray[6:, :] = ink
    target[6:, :] = 255
    answer = otsu_text(np.dstack([gray] * 3), target)
    np.testing.assert_array_equal(answer[:6], target[:6])
    assert answer[6:].all()


def test_all_real() -> None:
    target = np.array([[0, 1, 2, 255]], np.uint8)
    np.testing.assert_array_equal(all_real(target), [[0, 1, 1, 0]])
