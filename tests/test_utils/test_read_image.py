from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from upocr_mm.utils import read_image


@pytest.mark.parametrize('orientation', [1, 6])
def test_pixels_and_channels_are_as_stored(orientation: int,
                                           tmp_path: Path) -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:10] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / 'red.jpg', exif=exif)
    for order, channel in (('rgb', 0), ('bgr', 2)):
        image = read_image(tmp_path / 'red.jpg', order)
        assert image.shape == (20, 30, 3) and image.dtype == np.uint8
        assert image[4, 15, channel] > 200 and image[15, 15].max() < 50
        assert image[4, 15, 2 - channel] < 50


def test_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / 'text.jpg').write_text('no image')
    with pytest.raises(ValueError, match='text.jpg is not a readable image'):
        read_image(tmp_path / 'text.jpg')
    with pytest.raises(FileNotFoundError, match='nowhere.jpg'):
        read_image(str(tmp_path / 'nowhere.jpg'))
