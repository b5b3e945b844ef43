from __future__ import annotations
import os.path as osp
from collections import defaultdict
from typing import Any, Sequence

import mmcv
import numpy as np
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmseg.registry import HOOKS
from mmseg.structures import SegDataSample

from .panels import draw_panel, draw_sheet, find_palette, sample_pictures


@HOOKS.register_module()
class PanelVisualizationHook(Hook):
    """Pictures of validation and test: input | prediction | target.

    A test writes the first samples of each task into one sheet,
    ``sheet.png`` in the folder of the run. With ``draw`` (switched on by
    ``--show-dir`` of ``mim test``) samples are also given to the visualizer
    one by one.

    Args:
        draw: Whether to give samples to the visualizer.
        interval: Take every so many samples, counted over the run.
        show: Show them in a window.
        wait_time: Seconds to show each of them.
        sheet_rows: Samples of each task in the sheet of a test, 0 for none.
    """

    def __init__(self,
                 draw: bool = False,
                 interval: int = 1,
                 show: bool = False,
                 wait_time: float = 0.,
                 sheet_rows: int = 4) -> None:
        self.draw = draw
        self.interval = interval
        self.show = show
        self.wait_time = wait_time
        self.sheet_rows = sheet_rows
        self._rows: dict[str, list[np.ndarray]] = defaultdict(list)
        self._count = 0

    def after_val_iter(self, runner: Any, batch_idx: int, data_batch: dict,
                       outputs: Sequence[SegDataSample]) -> None:
        """Draw samples of a validation."""
        self._draw(runner, outputs, 'val', runner.iter)

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: dict,
                        outputs: Sequence[SegDataSample]) -> None:
        """Draw samples of a test and keep those of the sheet."""
        self._draw(runner, outputs, 'test', 0)
        for sample in outputs:
            rows = self._rows[sample.task]
            if len(rows) < self.sheet_rows:
                rows.append(self._panel(runner, sample, 'test'))

    @master_only
    def after_test_epoch(self, runner: Any, metrics: dict | None = None):
        """Write the sheet."""
        rows = [(task, panel) for task, panels in self._rows.items()
                for panel in panels]
        self._rows.clear()
        if rows:
            filename = osp.join(runner.log_dir, 'sheet.png')
            mmcv.imwrite(mmcv.rgb2bgr(draw_sheet(rows)), filename)
            print_log(f'Sheet of pictures: {filename}', 'current')

    def _draw(self, runner: Any, outputs: Sequence[SegDataSample], split: str,
              step: int) -> None:
        if not self.draw:
            return
        for sample in outputs:
            if self._count % self.interval == 0:
                name = osp.splitext(osp.basename(sample.img_path))[0]
                panel = self._panel(runner, sample, split)
                name = f'{split}_{sample.task}_{name}'
                runner.visualizer.add_image(name, panel, step)
                if self.show:
                    runner.visualizer.show(
                        panel, win_name=name, wait_time=self.wait_time)
            self._count += 1

    @staticmethod
    def _panel(runner: Any, sample: SegDataSample, split: str) -> np.ndarray:
        dataset = getattr(runner, f'{split}_dataloader').dataset
        palette = find_palette(runner.model, dataset.metainfo,
                               sample.get('task', None))
        return draw_panel(sample_pictures(sample, palette))
