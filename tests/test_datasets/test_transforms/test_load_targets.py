import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from tiny_files import SHAPE, write_gray, write_image

from upocr_mm.datasets.transforms import LoadTargets


def test_targets_keep_the_original_size_behind_a_resize(tmp_path):
    init_default_scope('mmseg')
    write_image(tmp_path / 'image.png', 1)
    write_image(tmp_path / 'target.png', 2)
    write_gray(tmp_path / 'mask.png', np.eye(*SHAPE) * 255)
    results = Compose([
        dict(type='LoadImageFromFile'),
        dict(type='PairedResize', size=(16, 16)),
        dict(type='LoadTargets')
    ])(
        dict(
            img_path=str(tmp_path / 'image.png'),
            target_path=str(tmp_path / 'target.png'),
            mask_path=str(tmp_path / 'mask.png'),
            mask_text_value=255,
            boxes=[[0, 0, 1, 2, 2]]))
    assert results['img'].shape == (16, 16, 3)
    assert results['gt_image'].shape == (*SHAPE, 3)
    assert np.array_equal(results['gt_text_mask'], np.eye(*SHAPE))
    assert results['gt_seg_map'].shape == SHAPE
    assert (results['gt_seg_map'] == 2).sum() == 6
    assert results['seg_fields'] == ['gt_text_mask', 'gt_seg_map']


def test_an_image_without_targets_passes():
    results = LoadTargets()(dict(ori_shape=SHAPE))
    assert results['seg_fields'] == []
    assert not {'ori_polygons', 'ori_boxes'} & set(results)


def test_shapes_of_the_file_go_with_the_sample(tmp_path):
    """In pixels of the file, as ori_shape: no geometry changes them."""
    init_default_scope('mmseg')
    write_image(tmp_path / 'image.png')
    write_gray(tmp_path / 'mask.png', np.eye(*SHAPE) * 255)
    polygons, boxes = [[1, 2, 9, 2, 9, 8]], [[3, 4, 5, 6, 2]]
    sample = Compose([
        dict(type='LoadImageFromFile'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomCrop', scale=(0.5, 0.6)),
        dict(type='PairedRandomFlip', prob=1.0),
        dict(type='PairedRandomRotate', prob=1.0),
        dict(type='PairedResize', size=(16, 16)),
        dict(type='PackImageToImageInputs')
    ])(dict(
        img_path=str(tmp_path / 'image.png'),
        mask_path=str(tmp_path / 'mask.png'),
        mask_text_value=255,
        polygons=polygons,
        boxes=boxes))['data_samples']
    assert sample.ori_shape == SHAPE
    assert sample.ori_polygons == polygons and sample.ori_boxes == boxes


def test_value_without_a_class_is_named(tmp_path):
    write_gray(tmp_path / 'map.png', np.eye(*SHAPE) * 3)
    info = dict(
        seg_map_path=str(tmp_path / 'map.png'),
        label_map={
            0: 0,
            255: 1
        },
        ori_shape=SHAPE)
    with pytest.raises(ValueError, match=r'map.png.*\[3\].*\[0, 255\]'):
        LoadTargets()(info)


def test_unreadable_target_is_named(tmp_path):
    (tmp_path / 'target.png').write_bytes(b'no image')
    with pytest.raises(ValueError, match='target.png'):
        LoadTargets()(
            dict(target_path=str(tmp_path / 'target.png'), ori_shape=SHAPE))
