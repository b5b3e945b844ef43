import numpy as np
import pytest
from PIL import Image

from upocr_mm.synthesis.background_painter import BackgroundPainter


@pytest.mark.parametrize('size', [(32, 32), (48, 160), (128, 96)])
def test_range_and_shape(size):
    rng = np.random.default_rng(0)
    for _ in range(20):
        image = BackgroundPainter().wall(rng, size)
        assert image.shape == size + (3, ) and image.dtype == np.float32
        assert image.min() >= 0 and image.max() <= 1
        assert image.std() > 0.005  # never one flat color


def test_photographs_are_cut_with_their_colors(tmp_path):
    photo = np.zeros((50, 90, 3), np.uint8)
    photo[:] = (200, 100, 50)
    Image.fromarray(photo).save(tmp_path / 'photo.png')
    image = BackgroundPainter(tmp_path).photo(
        np.random.default_rng(0), (64, 40))
    assert image.shape == (64, 40, 3)
    np.testing.assert_allclose(
        image, np.broadcast_to(photo[0, 0] / 255, image.shape), atol=1e-6)


def test_shape_of_what_is_photographed_is_kept(tmp_path):
    # A checkered photograph: its squares stay squares in any cut.
    rows, columns = np.indices((400, 800)) // 25
    photo = ((rows + columns) % 2 * 255).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / 'photo.png')
    cut = BackgroundPainter(tmp_path).photo(
        np.random.default_rng(1), (200, 200))[..., 0] > 0.5
    edges_x = np.abs(np.diff(cut[100].astype(int))).sum()
    edges_y = np.abs(np.diff(cut[:, 100].astype(int))).sum()
    assert edges_x >= 4 and abs(edges_x - edges_y) <= 1


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        BackgroundPainter(tmp_path / 'nowhere')


def test_folder_without_images(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no image file.*\.jpg'):
        BackgroundPainter(tmp_path)


def test_unreadable_photograph_is_named(tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match='broken.jpg'):
        BackgroundPainter(tmp_path)
