from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from upocr_mm.models import BinaryMaskCodec, ImageCodec, PaletteCodec
from upocr_mm.visualization.panels import GAP
from upocr_mm.visualization.sample_sheets import (caption_of, draw_grid,
                                                  draw_sample)

GRAY = torch.full((3, 4, 6), 100 / 255)
# (gray + color) / 2 of a mask and of what is ignored
MASKED, IGNORED = (178, 150, 50), (178, 50, 178)


def split(panel: np.ndarray) -> list[np.ndarray]:
    width = (panel.shape[1] - 2 * GAP) // 3
    return [
        panel[:, i * (width + GAP):i * (width + GAP) + width] for i in range(3)
    ]


def sample_of(**fields) -> SegDataSample:
    sample = SegDataSample()
    for name, data in fields.items():
        sample.set_data({name: PixelData(data=data)})
    return sample


def test_image_and_mask() -> None:
    image = torch.zeros(3, 4, 6)
    image[0] = 1  # red
    mask = torch.zeros(1, 4, 6, dtype=torch.uint8)
    mask[:, 1, 2] = 1
    sample = sample_of(gt_image=image, gt_text_mask=mask)
    for codec in ImageCodec(), None:
        left, target, right = split(draw_sample(GRAY, sample, codec))
        assert (left == 100).all()
        assert (target == (255, 0, 0)).all()
        assert tuple(right[1, 2]) == MASKED
        right[1, 2] = 100
        assert (right == 100).all()


def test_classes_as_the_codec_draws_them() -> None:
    classes = torch.zeros(1, 4, 6, dtype=torch.int64)
    classes[0, 0], classes[0, 1, 0] = 2, 255
    sample = sample_of(gt_sem_seg=classes)
    _, target, mask = split(draw_sample(GRAY, sample, PaletteCodec()))
    assert (target[0] == (255, 0, 0)).all()
    assert (target[1:] == (0, 0, 255)).all()  # also what is ignored
    assert (mask[0] == MASKED).all() and tuple(mask[1, 0]) == IGNORED
    assert (mask[2:] == 100).all()


def test_classes_without_codec() -> None:
    classes = torch.zeros(1, 4, 6, dtype=torch.int64)
    classes[0, 0], classes[0, 1] = 1, 255
    sample = sample_of(gt_sem_seg=classes)
    palette = [(0, 0, 0), (10, 20, 30)]
    _, target, mask = split(draw_sample(GRAY, sample, palette=palette))
    assert (target[0] == (10, 20, 30)).all()
    assert (target[1] == 128).all() and (target[2:] == 0).all()
    assert (mask[1] == IGNORED).all()


def test_targets_of_another_size() -> None:
    classes = torch.ones(1, 9, 11, dtype=torch.int64)
    panel = draw_sample(GRAY, sample_of(gt_sem_seg=classes), BinaryMaskCodec())
    _, target, mask = split(panel)
    assert target.shape == (4, 6, 3) and (target == 255).all()
    assert (mask == MASKED).all()


def test_without_mask() -> None:
    sample = sample_of(gt_image=torch.zeros(3, 4, 6))
    _, target, mask = split(draw_sample(GRAY, sample, ImageCodec()))
    assert (target == 0).all() and (mask == 255).all()
    with pytest.raises(ValueError, match='has no gt_sem_seg'):
        draw_sample(GRAY, sample, BinaryMaskCodec())


def test_caption() -> None:
    sample = SegDataSample(
        metainfo=dict(
            img_path='/data/a.jpg',
            ori_shape=(10, 20),
            img_shape=(5, 5),
            flip=True))
    assert caption_of(3, sample) == '3 a.jpg, 20x10 -> 5x5, flipped'
    sample = SegDataSample(metainfo=dict(img_path='x' * 90 + '.jpg'))
    assert '...xxx' in caption_of(0, sample)
    assert len(caption_of(0, sample)) < 50


def test_grid() -> None:
    panels = [(str(i), np.full((4, 26, 3), 40 * i, np.uint8))
              for i in range(3)]  # yapf: disable
    one = draw_grid(panels[:1], height=8)
    assert one.shape[1] == 52
    grid = draw_grid(panels, height=8)
    assert grid.shape == (2 * one.shape[0], 2 * 52 + 12, 3)
    assert (grid[one.shape[0] - 8:one.shape[0], -52:] == 40).all()
    assert (grid[-8:, :52] == 80).all() and (grid[-8:, 52:] == 255).all()
