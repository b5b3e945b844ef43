import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from upocr_mm.datasets.transforms import PackImageToImageInputs


def test_red_stays_red_through_the_pipeline(tmp_path):
    init_default_scope('mmseg')
    red = np.zeros((8, 8, 3), dtype=np.uint8)
    red[..., 2] = 255  # BGR
    cv2.imwrite(str(tmp_path / 'red.png'), red)
    packed = Compose([
        dict(type='LoadImageFromFile'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomFlip', prob=1.0),
        dict(type='PackImageToImageInputs')
    ])(
        dict(
            img_path=str(tmp_path / 'red.png'),
            target_path=str(tmp_path / 'red.png')))
    for data in (packed['inputs'], packed['data_samples'].gt_image.data):
        assert data.shape == (3, 8, 8) and data.dtype == torch.uint8
        assert (data[2] == 255).all() and (data[:2] == 0).all()


def test_fields_types_and_metainfo():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    mask = np.array([[0, 1, 1, 0]] * 2, dtype=np.uint8)
    packed = PackImageToImageInputs()(
        dict(
            img=image,
            gt_image=image[:, ::-1],  # as after a flip: not contiguous
            gt_text_mask=mask[:, ::-1],
            gt_seg_map=mask * 255,
            task='some_task',
            sample_idx=4,
            img_path='a.png',
            ori_shape=(5, 6),
            img_shape=(2, 4),
            ori_polygons=[[1, 1, 3, 1, 3, 2]],
            ori_boxes=[],
            unknown='not packed'))
    sample = packed['data_samples']
    assert packed['inputs'].tolist() == image.transpose(2, 0, 1).tolist()
    assert sample.gt_image.data.dtype == torch.uint8
    assert (sample.gt_image.data == packed['inputs'].flip(-1)).all()
    assert sample.gt_text_mask.data.dtype == torch.uint8
    assert sample.gt_text_mask.data.tolist() == [mask.tolist()]
    # as losses want them: no data preprocessor has to know of classes
    assert sample.gt_sem_seg.data.dtype == torch.int64
    assert sample.gt_sem_seg.data.shape == (1, 2, 4)
    assert sample.gt_sem_seg.data[0, 0].tolist() == [0, 255, 255, 0]
    assert sample.metainfo == dict(
        task='some_task',
        sample_idx=4,
        img_path='a.png',
        ori_shape=(5, 6),
        img_shape=(2, 4),
        ori_polygons=[[1, 1, 3, 1, 3, 2]],
        ori_boxes=[])


def test_targets_are_optional():
    image = np.zeros((2, 4, 3), dtype=np.uint8)
    sample = PackImageToImageInputs()(dict(img=image))['data_samples']
    assert sample.all_keys() == []
