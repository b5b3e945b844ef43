from __future__ import annotations
import copy
from typing import Any, Callable, Sequence

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmseg.registry import DATASETS

from ..synthesis import (RemovalSample, SampleRenderer, SegmentationSample,
                         TamperingSample)
from ..synthesis.camera import decompress
from .annotation_files import draw_boxes
from .scut_enstext import SCUTEnsTextDataset
from .tampered_ic13 import TamperedIC13Dataset
from .textseg import TextSegDataset

# What the files of a task are read by; it knows classes and colors.
READERS = {
    reader.METAINFO['task']: reader
    for reader in (SCUTEnsTextDataset, TextSegDataset, TamperedIC13Dataset)
}


@DATASETS.register_module()
class SyntheticTextDataset(BaseDataset):
    """Synthetic samples of one task, made when they are asked for.

    Each sample is a function of the arguments and its index, whatever worker
    or rank makes it; a resumed training sees the same ones. They equal those
    that ``tools/synthesize_dataset.py`` writes with the same arguments.

    A sample comes with what ``LoadImageFromFile`` and ``LoadTargets`` make:
    ``img`` (H, W, 3) uint8 BGR, and ``gt_image``, ``gt_text_mask`` and
    ``gt_seg_map``, whichever the task has. Pictures of tampered text
    detection differ in size by some pixels, as they are cropped and resized
    after the forgery: the pipeline resizes or crops.

    For training: sheets and reports of a test read the files of its samples,
    which ``tools/synthesize_dataset.py`` writes.

    Args:
        task: ``'text_removal'``, ``'text_segmentation'`` or
            ``'tampered_text_detection'``.
        split: ``'train'``, ``'val'`` or ``'test'``: other samples each.
        length: Number of samples; by default as good as endless.
        size: See :class:`~upocr_mm.synthesis.renderer.SampleRenderer`.
        presets: The same.
        seed: The same.
        font_dir: The same.
        background_dir: The same.
        system_fonts: The same.
        changes: Further arguments of it.
        pipeline: Transforms.
        lazy_init: Whether to look for fonts and backgrounds only when the
            first sample is asked for.

    Raises:
        ValueError: An argument is not as described.
    """

    def __init__(self,
                 task: str,
                 split: str = 'train',
                 length: int = 1_000_000,
                 size: tuple[int, int] = (256, 256),
                 presets: str | Sequence[str] = ('scene', 'document',
                                                 'poster'),
                 seed: int = 0,
                 font_dir: str | None = None,
                 background_dir: str | None = None,
                 system_fonts: bool = False,
                 changes: dict[str, Any] | None = None,
                 pipeline: Sequence[dict | Callable] = (),
                 lazy_init: bool = False) -> None:
        if task not in READERS:
            raise ValueError(f'task must be one of {sorted(READERS)}, got '
                             f'{task!r}')
        if split not in ('train', 'val', 'test'):
            raise ValueError("split must be 'train', 'val' or 'test', got "
                             f'{split!r}')
        if not isinstance(length, int) or length < 1:
            raise ValueError('length must be an integer of at least 1, got '
                             f'{length!r}')
        self.task = task
        self.split = split
        self.length = length
        self._arguments = dict(
            size=size,
            presets=presets,
            seed=seed,
            font_dir=font_dir,
            background_dir=background_dir,
            system_fonts=system_fonts,
            **(changes or {}))
        super().__init__(
            serialize_data=False, pipeline=list(pipeline), lazy_init=lazy_init)

    @property
    def metainfo(self) -> dict:
        """Meta information: ``task`` and, for classifications, ``classes``
        and ``palette`` (RGB, 0 to 255)."""
        return copy.deepcopy(READERS[self.task].METAINFO)

    def full_init(self) -> None:
        """Look for fonts and backgrounds, once."""
        if not self._fully_initialized:
            self._renderer = SampleRenderer(**self._arguments)
            self._fully_initialized = True

    @force_full_init
    def __len__(self) -> int:
        """Number of samples."""
        return self.length

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """Make a sample.

        Args:
            idx: Its number, from 0.

        Returns:
            The results that a pipeline begins with.
        """
        idx = range(self.length)[idx]
        sample = self._renderer.render(self.task, self.split, idx)
        image = _bgr(sample.image)
        shape = image.shape[:2]
        results = dict(
            img=image,
            img_path=f'{self.task}/{self.split}/{idx}',
            img_shape=shape,
            ori_shape=shape,
            task=self.task,
            sample_idx=idx,
            seg_fields=[],
            **_targets(sample, shape))
        results['seg_fields'] = [
            key for key in ('gt_text_mask', 'gt_seg_map') if key in results
        ]
        return results


def _bgr(content: bytes) -> np.ndarray:
    return np.ascontiguousarray(decompress(content)[..., ::-1])


def _targets(sample: Any, shape: tuple[int, int]) -> dict[str, Any]:
    if isinstance(sample, RemovalSample):
        polygons = [polygon.ravel().tolist() for polygon in sample.polygons]
        return dict(
            gt_image=_bgr(sample.target),
            gt_text_mask=(sample.mask < 128).astype(np.uint8),
            ori_polygons=polygons)
    if isinstance(sample, SegmentationSample):
        table = np.zeros(256, np.uint8)
        for value, label in TextSegDataset.LABEL_MAP.items():
            table[value] = label
        return dict(gt_seg_map=table[sample.label])
    assert isinstance(sample, TamperingSample)
    return dict(
        gt_seg_map=draw_boxes(sample.boxes, shape), ori_boxes=sample.boxes)
