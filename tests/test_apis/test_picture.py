from __future__ import annotations
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from upocr_mm.apis import Picture, read_pictures


def read(source, **kwargs) -> Picture:
    picture, = read_pictures(source, **kwargs)
    return picture


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def encoded(image: Image.Image, name: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def test_every_kind_of_source(pixels: np.ndarray, tmp_path: Path) -> None:
    image = Image.fromarray(pixels)
    file = tmp_path / 'a.png'
    image.save(file)
    for source in (file, str(file), file.read_bytes(), image, pixels,
                   pixels / 255):
        assert np.array_equal(read(source).rgb, pixels)
    assert read(file).name == str(file) and read(pixels, name='x').name == 'x'


def test_orientation_is_obeyed_and_taken_out(pixels: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, 'maker'  # turned by 90 degrees
    picture = read(encoded(Image.fromarray(pixels), 'PNG', exif=exif))
    assert np.array_equal(picture.rgb, np.rot90(pixels, -1))
    kept = Image.Exif()
    kept.load(picture.info['exif'])
    assert 0x0112 not in kept and kept[0x010F] == 'maker'


def test_transparent_is_white_and_kept() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = 10, 20, 30, 255
    rgba[1, 1] = 10, 20, 30, 0
    picture = read(rgba)
    assert picture.rgb[0, 0].tolist() == [10, 20, 30]
    assert picture.rgb[1, 1].tolist() == [255, 255, 255]
    same = picture.with_pixels(picture.rgb, np.zeros((2, 2), bool))
    assert same.mode == 'RGBA' and np.array_equal(np.asarray(same), rgba)


def test_gray_stays_gray() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = read(values)
    assert picture.rgb.shape == (16, 16, 3)
    same = picture.with_pixels(picture.rgb, None)
    assert same.mode == 'L' and np.array_equal(np.asarray(same), values)


def test_16_bits_stay(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129], [1000, 32896, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / 'a.png')
    picture = read(tmp_path / 'a.png')
    # 257 values become one
    assert picture.rgb[..., 0].tolist() == [[0, 0, 1], [4, 128, 255]]
    changed = np.array([[True, False, False], [False, False, False]])
    new = picture.with_pixels(np.full((2, 3, 3), 2, np.uint8), changed)
    values[0, 0] = 514
    assert np.array_equal(np.asarray(new), values)


@pytest.mark.parametrize('mode', ['1', 'L', 'LA', 'P', 'CMYK', 'YCbCr', 'HSV'])
def test_other_modes(pixels: np.ndarray, mode: str) -> None:
    image = Image.fromarray(pixels).convert(mode)
    expected = np.asarray(image.convert('RGB'))
    assert np.array_equal(read(image).rgb, expected)


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.new('P', (2, 1))
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / 'a.png', transparency=0)
    picture = read(tmp_path / 'a.png')
    assert picture.rgb.tolist() == [[[255] * 3, [255, 0, 0]]]


def test_pages(pixels: np.ndarray, tmp_path: Path) -> None:
    pages = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    pages[0].save(tmp_path / 'a.tif', save_all=True, append_images=pages[1:])
    first, second = read_pictures(tmp_path / 'a.tif')
    assert np.array_equal(first.rgb, pixels)
    assert np.array_equal(second.rgb, 255 - pixels)
    assert (second.page, second.num_pages) == (1, 2)


def test_profile_and_resolution(pixels: np.ndarray) -> None:
    content = encoded(
        Image.fromarray(pixels), 'PNG', dpi=(300, 300), icc_profile=b'abc')
    info = read(content).info
    assert info['icc_profile'] == b'abc'
    assert np.allclose(info['dpi'], 300, atol=0.01)


@pytest.mark.parametrize('content, message', [
    (b'', 'is empty'),
    (b'no picture', 'damaged, cut off or not a picture'),
    ('cut', 'damaged, cut off or not a picture'),
])
def test_bad_files(pixels: np.ndarray, tmp_path: Path, content,
                   message: str) -> None:
    file = tmp_path / 'bad.png'
    if content == 'cut':
        large = np.random.default_rng(0).integers(0, 256, (99, 99), np.uint8)
        content = encoded(Image.fromarray(large), 'PNG')[:2000]
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f'bad.png.* {message}'):
        read(file)


@pytest.mark.parametrize('array, message', [
    (np.zeros((2, 2, 2)), r'shape.*\(2, 2, 2\)'),
    (np.zeros((0, 2, 3)), r'shape.*\(0, 2, 3\)'),
    (np.full((2, 2), 255.), r'in \[0, 1\].*255'),
    (np.full((2, 2), np.nan), r'in \[0, 1\].*nan'),
    (np.zeros((2, 2), np.int64), 'uint8.*int64'),
])
def test_bad_arrays(array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(array)


def test_other_bad_sources(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.png does not exist'):
        read(tmp_path / 'none.png')
    with pytest.raises(ValueError, match='is a folder'):
        read(tmp_path)
    with pytest.raises(TypeError, match='but got int'):
        read(3)


def test_too_many_pixels(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match='7 x 5 pixels, allowed.* 34'):
        read(pixels, max_pixels=34)
    bomb = encoded(Image.new('1', (20000, 20000)), 'PNG')
    with pytest.raises(ValueError, match='pixels'):
        read(bomb)
