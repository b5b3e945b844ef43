"""A task of your own: find the ink in pictures of old pages.

What a task needs beyond the package: a codec if none of the three fits, and a
data set if yours is not a pair of folders. The configurations beside this file
use both, docs/add_a_task.md explains them, draw_pages.py makes some pages.
"""
from __future__ import annotations
from pathlib import Path
from typing import Sequence

import torch
from mmseg.registry import DATASETS, TASK_UTILS
from mmseg.structures import SegDataSample

from upocr_mm.datasets import BasePairedDataset
from upocr_mm.models import ImageTarget


@TASK_UTILS.register_module()
class InkCodec:
    """White ink on black paper, as the strokes of text segmentation.

    :class:`BinaryMaskCodec` would do; this shows what a codec is.
    """

    def encode(self, data_samples: Sequence[SegDataSample]) -> ImageTarget:
        """The target: images (N, 3, H, W), RGB in [0, 1]."""
        classes = torch.stack([s.gt_sem_seg.data for s in data_samples])
        return ImageTarget((classes == 1).float().expand(-1, 3, -1, -1))

    def decode(self, image: torch.Tensor) -> torch.Tensor:
        """A predicted image (3, H, W), RGB in [0, 1], to classes (1, H, W)."""
        return (image.mean(0, keepdim=True) > 0.5).long()


@DATASETS.register_module()
class PagesDataset(BasePairedDataset):
    """Pages as DIBCO has them: ``01.png`` and ``01_gt.png``, ink black."""

    METAINFO = dict(
        task='document_binarization',
        classes=('paper', 'ink'),
        palette=[[0, 0, 0], [255, 255, 255]])

    def list_samples(self) -> list[dict]:
        files = self.index_folder(Path(self.data_root))
        samples = []
        for name, path in files.items():
            if name.endswith('_gt'):
                continue
            if f'{name}_gt' not in files:
                self.note_missing(path, f'{name}_gt.png')
                continue
            samples.append(
                dict(
                    img_path=path,
                    seg_map_path=files[f'{name}_gt'],
                    label_map={
                        0: 1,
                        255: 0
                    }))
        return samples
