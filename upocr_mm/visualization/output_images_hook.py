from __future__ import annotations
from pathlib import Path
from typing import Any, Sequence

import mmcv
import numpy as np
import torch
from mmengine.dist import broadcast_object_list
from mmengine.hooks import Hook
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample

from ..utils import UsageError, refuse_file, refuse_same_file

ROUNDINGS = ('truncate', 'round')


@HOOKS.register_module()
class OutputImagesHook(Hook):
    """The outputs of a test as plain pictures, for any external scorer.

    Writes ``<out_dir>/<task>/<name of the picture>.png``, at the size of the
    picture, for each sample: what the model drew or, of MMSegmentation's own
    models, the classes.

    Args:
        out_dir: Where to; None writes nothing. ``--out`` of ``mim test``
            sets it too, to a new or empty folder.
        rounding: How values in [0, 1] become bytes: ``'truncate'``, as the
            published code does, or ``'round'``.

    Raises:
        ValueError: ``rounding`` is neither of the two.
    """

    def __init__(self,
                 out_dir: str | None = None,
                 rounding: str = 'truncate') -> None:
        if rounding not in ROUNDINGS:
            raise ValueError(f'rounding must be one of {ROUNDINGS}, but got '
                             f'{rounding!r}')
        self.out_dir = None if out_dir is None else Path(out_dir)
        self.rounding = rounding
        self._sources: dict[Path, str] = {}

    def before_test(self, runner: Any) -> None:
        """Forget an earlier test, and look at the folder of ``--out``.

        Raises:
            UsageError: It is a file, or not empty.
        """
        self._sources.clear()
        option = getattr(runner.test_loop.evaluator, 'output_dir', None)
        if option is None:
            return
        self.out_dir = Path(option)
        refuse_file(option, '--out')
        # All processes judge what the first saw before any of them writes.
        found = [any(self.out_dir.glob('*'))]
        broadcast_object_list(found)
        if found[0]:
            raise UsageError(f'--out {option} is not empty; name a new folder')

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: dict,
                        outputs: Sequence[SegDataSample]) -> None:
        """Write the samples of a batch.

        Raises:
            ValueError: Two pictures of a task have the same name, or a file
                would take the place of the picture.
        """
        if self.out_dir is None:
            return
        for sample in outputs:
            file = self.out_dir / sample.get(
                'task', '') / (f'{Path(sample.img_path).stem}.png')
            other = self._sources.setdefault(file, sample.img_path)
            if other != sample.img_path:
                raise ValueError(
                    f'{other} and {sample.img_path} would both be written to '
                    f'{file} (default_hooks.outputs.out_dir)')
            refuse_same_file(file, sample.img_path)
            mmcv.imwrite(self._pixels(sample), str(file))

    def _pixels(self, sample: SegDataSample) -> np.ndarray:
        """uint8 (H, W, 3) BGR, or classes (H, W)."""
        if 'pred_image' not in sample:
            return sample.pred_sem_seg.data[0].to(torch.uint8).cpu().numpy()
        image = sample.pred_image.data.clamp(0, 1) * 255
        if self.rounding == 'round':
            image = image.round()
        image = image.to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        return mmcv.rgb2bgr(image)
