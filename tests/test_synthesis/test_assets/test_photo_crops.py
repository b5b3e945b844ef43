from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from upocr_mm.synthesis.assets.photo_crops import cut_photo, open_photo


def test_small_pictures_stay_whole() -> None:
    image = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    piece, = cut_photo(image, 1024, 256, 1536)
    np.testing.assert_array_equal(piece, image)
    assert cut_photo(image[:255], 1024, 256, 1536) == []


def test_pieces_cover_a_long_picture_once() -> None:
    image = np.random.default_rng(0).integers(0, 255, (60, 250, 3), np.uint8)
    pieces = cut_photo(image, 100, 20, 80)
    assert [piece.shape[:2] for piece in pieces] == [(60, 83), (60, 83),
                                                     (60, 84)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), image)


def test_pieces_go_row_by_row() -> None:
    image = np.arange(
        4, dtype=np.uint8).reshape(2, 2).repeat(
            50, axis=0).repeat(
                50, axis=1)[..., None]
    pieces = cut_photo(image, 50, 20, 100)
    assert [piece.mean() for piece in pieces] == [0, 1, 2, 3]


def test_large_pictures_are_reduced() -> None:
    image = np.zeros((2880, 5120, 3), np.uint8)
    pieces = cut_photo(image, 1024, 256, 1536)
    # 2731 x 1536 in three columns and two rows
    assert [piece.shape[:2]
            for piece in pieces[:3]] == [(768, 910), (768, 910), (768, 911)]
    assert len(pieces) == 6


@pytest.mark.parametrize('rows, opaque', [(0, True), (1, False)])
def test_transparent_pictures_are_refused(tmp_path, rows: int,
                                          opaque: bool) -> None:
    image = np.full((100, 100, 4), 255, np.uint8)
    image[:rows, :, 3] = 100
    Image.fromarray(image).save(tmp_path / 'a.png')
    found = open_photo(str(tmp_path / 'a.png'))
    assert (found is not None) == opaque
    if opaque:
        assert found.shape == (100, 100, 3)


def test_channels_are_rgb_and_upright(tmp_path) -> None:
    red = Image.new('RGB', (40, 20), (255, 0, 0))
    exif = red.getexif()
    exif[0x0112] = 6  # turned by a quarter
    red.save(tmp_path / 'a.png', exif=exif)
    found = open_photo(str(tmp_path / 'a.png'))
    assert found.shape == (40, 20, 3)
    assert found[0, 0].tolist() == [255, 0, 0]
