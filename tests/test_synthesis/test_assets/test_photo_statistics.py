from __future__ import annotations

import numpy as np
import pytest
from asset_files import drawing, photo

from upocr_mm.synthesis.assets.photo_statistics import measure_photo


def normal_map() -> np.ndarray:
    """The slopes of a bumpy surface, as vectors of length 1."""
    rows, columns = np.mgrid[:256, :256] / 12
    slopes = np.stack([np.cos(columns), np.sin(rows), 2 + 0 * rows], -1)
    slopes /= np.linalg.norm(slopes, axis=-1, keepdims=True)
    return ((slopes + 1) * 127.5).round().astype(np.uint8)


@pytest.mark.parametrize('seed', range(3))
def test_photographs_pass(seed: int) -> None:
    assert measure_photo(photo(seed=seed)).objection() is None
    assert measure_photo(photo(700, seed=seed)).objection() is None


def test_what_is_no_photograph() -> None:
    assert measure_photo(drawing()).objection() == 'drawing'
    assert measure_photo(normal_map()).objection() == 'normal map'
    gray = np.full((256, 256, 3), 90, np.uint8)
    assert measure_photo(gray).objection() == 'empty'
    gloss = photo()
    gloss[..., 2] = 0
    assert measure_photo(gloss).objection() == 'empty'
    pasted = photo()
    pasted[:, :100] = 255
    assert measure_photo(pasted).objection() == 'drawing'


def test_blue_sky_is_no_normal_map() -> None:
    """Its vectors have about length 1, but lean to one side."""
    sky = np.empty((256, 256, 3))
    sky[:] = 70, 140, 235
    rng = np.random.default_rng(0)
    sky += np.linspace(-20, 20, 256)[:, None, None]
    sky += rng.normal(0, 4, sky.shape)
    statistics = measure_photo(np.clip(sky, 0, 255).astype(np.uint8))
    assert statistics.objection() is None


def test_numbers_of_a_half_and_half_picture() -> None:
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, 4:] = 200, 100, 50
    statistics = measure_photo(image)
    assert statistics.entropy == pytest.approx(1)
    assert statistics.dominant == 0.5
    assert statistics.colors == 2
    assert statistics.weakest == 25


def test_share_of_flat_neighbors() -> None:
    image = np.zeros((2, 5, 3), np.uint8)
    image[:, 2] = 9  # pairs: equal, different, different, equal
    assert measure_photo(image).flat == 0.5
