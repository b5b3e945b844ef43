from __future__ import annotations

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from upocr_mm.models import ImageToImageDataPreprocessor


def batch() -> dict:
    image = torch.zeros(3, 2, 2, dtype=torch.uint8)
    image[2] = 255  # BGR: red
    target = SegDataSample(gt_image=PixelData(data=image // 5))
    return dict(inputs=[image, image], data_samples=[target, SegDataSample()])


def test_red_is_red_between_0_and_1() -> None:
    data = ImageToImageDataPreprocessor()(batch())
    assert data['inputs'].shape == (2, 3, 2, 2)
    assert data['inputs'].dtype == torch.float32
    assert data['inputs'][1, :, 0, 0].tolist() == [1, 0, 0]
    gt_image = data['data_samples'][0].gt_image.data
    assert gt_image[:, 1, 1].tolist() == pytest.approx([0.2, 0, 0])


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int64])
def test_labels_become_int64(dtype: torch.dtype) -> None:
    data = batch()
    labels = torch.tensor([[[0, 1], [2, 255]]], dtype=dtype)
    data['data_samples'][1].gt_sem_seg = PixelData(data=labels)
    data = ImageToImageDataPreprocessor()(data)
    labels = data['data_samples'][1].gt_sem_seg.data
    assert labels.dtype == torch.int64
    assert labels.tolist() == [[[0, 1], [2, 255]]]
    assert 'gt_sem_seg' not in data['data_samples'][0]


def test_restore_is_the_inverse() -> None:
    preprocessor = ImageToImageDataPreprocessor()
    images = torch.arange(256, dtype=torch.uint8).repeat(3).view(1, 3, 16, 16)
    images[:, 1] = 255 - images[:, 1]
    data = preprocessor(dict(inputs=images, data_samples=None))
    assert torch.equal(preprocessor.restore(data['inputs']), images)


def test_errors() -> None:
    preprocessor = ImageToImageDataPreprocessor()
    data = batch()
    data['inputs'][1] = data['inputs'][1][:, :1]
    with pytest.raises(ValueError, match=r'same size.*\(3, 1, 2\)'):
        preprocessor(data)
    with pytest.raises(ValueError, match='uint8.*float32'):
        preprocessor(dict(inputs=torch.rand(1, 3, 2, 2)))
