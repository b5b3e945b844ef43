from __future__ import annotations

import cv2
import numpy as np

from upocr_mm.synthesis.assets.seen_photos import SeenPhotos


def photo(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.resize(
        rng.integers(0, 255, (20, 20, 3), np.uint8), (300, 400),
        interpolation=cv2.INTER_CUBIC)


def test_other_sizes_are_the_same_picture() -> None:
    seen = SeenPhotos()
    assert not seen.add(photo(0))
    assert seen.add(photo(0))
    assert seen.add(cv2.resize(photo(0), (150, 200)))
    noise = np.random.default_rng(1).integers(-2, 3, photo(0).shape)
    assert seen.add(np.clip(photo(0) + noise, 0, 255).astype(np.uint8))


def test_other_pictures_and_colors_are_not() -> None:
    seen = SeenPhotos()
    assert not seen.add(photo(0))
    assert not seen.add(photo(1))
    assert not seen.add(photo(0)[:, ::-1])
    assert not seen.add(photo(0) // 2)


def test_walls_of_one_color_differ_in_grain() -> None:
    seen = SeenPhotos()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        wall = rng.normal(120, 30, (256, 256, 1)).clip(0, 255)
        assert not seen.add(wall.repeat(3, axis=2).astype(np.uint8))
