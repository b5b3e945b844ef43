"""Image and targets stay together under all geometric transforms."""
import cv2
import mmcv
import numpy as np
import pytest
from PIL import Image

from upocr_mm.datasets.transforms import (PairedRandomCrop, PairedRandomFlip,
                                          PairedRandomRotate, PairedResize)

H, W = 60, 100


def marked(row, column, side=9):
    """Black pictures and background labels with one marked square."""
    img = np.zeros((H, W, 3), dtype=np.uint8)
    img[row:row + side, column:column + side] = (0, 0, 255)
    label = (img[..., 2] > 0).astype(np.uint8)
    return dict(
        img=img,
        gt_image=img.copy(),
        gt_text_mask=label,
        gt_seg_map=label * 2,
        seg_fields=['gt_text_mask', 'gt_seg_map'],
        img_shape=(H, W))


def center(array):
    return np.argwhere(array).mean(0)


@pytest.mark.parametrize('row, column', [(20, 30), (5, 60), (45, 10)])
@pytest.mark.parametrize('transform', [
    PairedResize((90, 50)),
    PairedRandomFlip(1.0),
    PairedRandomFlip(1.0, direction='vertical'),
    PairedRandomCrop((0.9, 1.0)),
    PairedRandomRotate(30, 1.0),
    PairedRandomRotate(30, 1.0, interpolation='bilinear'),
])  # yapf: disable
def test_a_mark_lands_at_one_place(transform, row, column):
    np.random.seed(row)
    results = transform(marked(row, column))
    assert np.array_equal(results['img'], results['gt_image'])
    place = center(results['img'][..., 2] > 127)
    assert np.abs(center(results['gt_text_mask'] == 1) - place).max() <= 0.5
    assert np.array_equal(results['gt_seg_map'] == 2,
                          results['gt_text_mask'] == 1)
    assert results['img_shape'] == results['img'].shape[:2]
    assert results['gt_text_mask'].shape == results['img_shape']


@pytest.mark.parametrize('size', [(64, 32), (20, 30), (200, 150)])
def test_resize_is_the_one_of_pil(size):
    rng = np.random.RandomState(0)
    img, gt_image = rng.randint(0, 256, (2, H, W, 3)).astype(np.uint8)
    seg_map = rng.randint(0, 3, (H, W)).astype(np.uint8)
    results = PairedResize(size)(
        dict(
            img=img,
            gt_image=gt_image,
            gt_seg_map=seg_map,
            seg_fields=['gt_seg_map']))
    wh = size[::-1]
    for key, source in (('img', img), ('gt_image', gt_image)):
        # in RGB, to show that the channel order does not matter
        expected = Image.fromarray(source[..., ::-1].copy()).resize(
            wh, Image.Resampling.BICUBIC)
        assert np.array_equal(results[key], np.asarray(expected)[..., ::-1])
    expected = Image.fromarray(seg_map).resize(wh, Image.Resampling.NEAREST)
    assert np.array_equal(results['gt_seg_map'], np.asarray(expected))
    assert results['img_shape'] == size
    assert results['scale_factor'] == (size[1] / W, size[0] / H)


def test_resize_takes_a_part_of_an_array():
    rng = np.random.RandomState(0)
    whole = rng.randint(0, 256, (2 * H, 2 * W, 3)).astype(np.uint8)
    part = whole[5:5 + H, 7:7 + W]  # as behind a crop
    results = [
        PairedResize((30, 40))(dict(
            img=img,
            gt_image=img[:, ::-1],
            gt_seg_map=img[..., 0],
            seg_fields=['gt_seg_map'])) for img in (part, part.copy())
    ]
    for key in ('img', 'gt_image', 'gt_seg_map'):
        assert np.array_equal(results[0][key], results[1][key])
    assert results[0]['img_shape'] == (30, 40)


def test_shrinking_is_antialiased():
    stripes = np.zeros((H, W, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    img = PairedResize((H, W // 4))(dict(img=stripes))['img']
    assert 100 < img[:, 1:-1].min() <= img[:, 1:-1].max() < 155


def test_flip_probability_and_flag():
    np.random.seed(0)
    flips = [PairedRandomFlip(0.3)(marked(5, 5))['flip'] for _ in range(1000)]
    assert 250 < sum(flips) < 350
    flipped = PairedRandomFlip(1.0)(marked(5, 5))
    assert flipped['gt_image'][5, W - 6, 2] == 255
    assert PairedRandomFlip(0.0)(marked(5, 5))['gt_image'][5, 5, 2] == 255


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_flip_is_the_one_of_mmcv(direction):
    rng = np.random.RandomState(0)
    results = dict(
        img=rng.randint(0, 256, (7, 9, 3)).astype(np.uint8)[1:, 2:],
        gt_image=rng.randint(0, 256, (6, 7, 3)).astype(np.uint8),
        gt_seg_map=rng.randint(0, 3, (6, 7)).astype(np.uint8),
        seg_fields=['gt_seg_map'])
    flipped = PairedRandomFlip(1.0, direction)(dict(results))
    assert flipped['flip'] and flipped['flip_direction'] == direction
    for key in ('img', 'gt_image', 'gt_seg_map'):
        known = mmcv.imflip(results[key], direction)
        assert np.array_equal(flipped[key], known)
        # a view backwards would have to be copied slowly later
        assert flipped[key].flags.c_contiguous


def test_crop_draws_each_side_alone():
    np.random.seed(0)
    shapes = np.array([
        PairedRandomCrop((0.5, 1.0))(marked(5, 5))['img_shape']
        for _ in range(500)
    ]) / (H, W)
    assert shapes.min() >= 0.49 and shapes.max() <= 1
    assert shapes.min() < 0.52 and shapes.max() > 0.98
    assert abs(np.corrcoef(shapes.T)[0, 1]) < 0.15


def test_whole_crop_changes_nothing():
    results = PairedRandomCrop((1.0, 1.0))(marked(5, 5))
    assert np.array_equal(results['img'], marked(5, 5)['img'])


@pytest.mark.parametrize('scale', [(0, 1), (0.8, 0.7), (0.5, 1.1)])
def test_crop_refuses_impossible_fractions(scale):
    with pytest.raises(ValueError, match='0 < low <= high <= 1'):
        PairedRandomCrop(scale)


def test_rotation_grows_the_canvas_and_fills_new_area():
    results = marked(20, 30)
    results['img'][:], results['gt_image'][:] = 200, 200
    results['gt_text_mask'][:], results['gt_seg_map'][:] = 1, 1
    np.random.seed(4)
    results = PairedRandomRotate(30, 1.0)(results)
    height, width = results['img_shape']
    assert height > H and width > W
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert not results['img'][corner].any()
        assert not results['gt_image'][corner].any()
        assert results['gt_text_mask'][corner] == 0
        assert results['gt_seg_map'][corner] == 255
    # Nothing was cut off, and labels are not blended at the border.
    assert abs(int(results['gt_text_mask'].sum()) - H * W) < 0.03 * H * W
    assert set(np.unique(results['gt_seg_map'])) == {1, 255}
    assert np.array_equal(results['gt_seg_map'] == 1,
                          results['gt_text_mask'] == 1)


def noise(angle, interpolation, monkeypatch):
    """A random picture and maps of its red bytes, rotated."""
    transform = PairedRandomRotate(30, 1.0, interpolation=interpolation)
    monkeypatch.setattr(transform, 'generate_degree', lambda: (True, angle))
    img = np.random.RandomState(0).randint(1, 250, (H, W, 3)).astype(np.uint8)
    results = dict(
        img=img,
        gt_image=img.copy(),
        gt_text_mask=img[..., 2].copy(),
        gt_seg_map=img[..., 2].copy(),
        seg_fields=['gt_text_mask', 'gt_seg_map'])
    return img, transform(results)


def rotated_by_hand(image, angle, shape):
    """The source pixel under the center of each pixel, None outside."""
    height, width = image.shape[:2]
    rows, columns = np.indices(shape) + 0.5
    x, y = columns - shape[1] / 2, rows - shape[0] / 2
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    # counter-clockwise on the screen, whose y axis points down
    column = np.floor(cos * x - sin * y + width / 2).astype(int)
    row = np.floor(sin * x + cos * y + height / 2).astype(int)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    result = np.zeros((*shape, *image.shape[2:]), image.dtype)
    result[inside] = image[row[inside], column[inside]]
    return result, inside


@pytest.mark.parametrize('angle', [-30., -7.3, 0.4, 12., 29.9])
def test_nearest_rotation_is_the_one_of_pil(angle, monkeypatch):
    img, results = noise(angle, 'nearest', monkeypatch)
    rgb = Image.fromarray(np.ascontiguousarray(img[..., ::-1]))
    expected = np.asarray(rgb.rotate(angle, expand=True))[..., ::-1]
    # exact, the size of the canvas included
    assert np.array_equal(results['img'], expected)
    assert np.array_equal(results['gt_image'], expected)
    # and PIL's is a rotation, but for source places between two pixels
    by_hand, inside = rotated_by_hand(img, angle, results['img_shape'])
    assert (results['img'] == by_hand).all(-1).mean() > 0.995
    assert inside.sum() == pytest.approx(H * W, rel=0.01)
    diagonal = np.hypot(H, W)
    for side, length in zip(results['img_shape'], (H, W)):
        assert length <= side <= diagonal + 2


@pytest.mark.parametrize('angle', [-30., 5., 21.7])
def test_nearest_rotation_makes_no_color(angle, monkeypatch):
    img, results = noise(angle, 'nearest', monkeypatch)
    colors = {tuple(color) for color in img.reshape(-1, 3)} | {(0, 0, 0)}
    assert {tuple(color) for color in results['img'].reshape(-1, 3)} <= colors
    # picture and labels took every pixel from the same place
    red = results['img'][..., 2]
    assert np.array_equal(results['gt_text_mask'], red)
    assert np.array_equal(results['gt_seg_map'], np.where(red == 0, 255, red))


def test_bilinear_rotation_smooths_images_only(monkeypatch):
    img, results = noise(21.7, 'bilinear', monkeypatch)
    _, nearest = noise(21.7, 'nearest', monkeypatch)
    assert results['img_shape'] == nearest['img_shape']
    assert results['img'][5:-5, 5:-5].std() < nearest['img'][5:-5, 5:-5].std()
    for key in ('gt_text_mask', 'gt_seg_map'):
        assert np.array_equal(results[key], nearest[key])


def test_rotation_refuses_other_interpolations():
    with pytest.raises(ValueError, match="'nearest', 'bilinear'.*'bicubic'"):
        PairedRandomRotate(interpolation='bicubic')


def test_rotation_fills_can_be_chosen():
    results = marked(20, 30)
    results['gt_seg_map'][:] = 1
    transform = PairedRandomRotate(30, 1.0, fills=dict(gt_seg_map=0))
    np.random.seed(4)
    assert transform(results)['gt_seg_map'][0, 0] == 0


def test_rotation_probability_and_range():
    np.random.seed(0)
    transform = PairedRandomRotate(10, 0.5)
    angles = [
        angle for go, angle in (transform.generate_degree()
                                for _ in range(500)) if go
    ]
    assert 200 < len(angles) < 300
    assert -10 <= min(angles) < -9 and 9 < max(angles) <= 10
    untouched = PairedRandomRotate(10, 0.0)(marked(5, 5))
    assert cv2.norm(untouched['img'], marked(5, 5)['img']) == 0
