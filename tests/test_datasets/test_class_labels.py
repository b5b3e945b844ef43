from __future__ import annotations
import pickle

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.structures import SegDataSample

from upocr_mm.datasets import ClassLabels


def labels() -> ClassLabels:
    return ClassLabels(data=torch.tensor([[[0, 1, 255]]], dtype=torch.uint8))


def test_a_byte_per_pixel_until_they_are_moved() -> None:
    sample = SegDataSample(
        gt_sem_seg=labels(), gt_text_mask=PixelData(data=labels().data))
    for copy in (sample, sample.clone(), pickle.loads(pickle.dumps(sample))):
        assert copy.gt_sem_seg.data.dtype == torch.uint8
        moved = copy.to('cpu')
        assert moved.gt_sem_seg.data.dtype == torch.int64
        assert moved.gt_sem_seg.data.tolist() == [[[0, 1, 255]]]
        assert moved.gt_text_mask.data.dtype == torch.uint8
        assert copy.gt_sem_seg.data.dtype == torch.uint8  # a new one moved
    assert moved.to('cpu').gt_sem_seg.data.dtype == torch.int64


@pytest.mark.parametrize('training', [True, False])
def test_models_of_mmseg_get_int64(training: bool) -> None:
    preprocessor = SegDataPreProcessor(size=(2, 4), seg_pad_val=255)
    data = dict(
        inputs=[torch.zeros(3, 1, 3, dtype=torch.uint8)],
        data_samples=[SegDataSample(gt_sem_seg=labels())])
    sample, = preprocessor(data, training=training)['data_samples']
    assert sample.gt_sem_seg.data.dtype == torch.int64
    assert sample.gt_sem_seg.data[0, 0].tolist()[:3] == [0, 1, 255]
