from __future__ import annotations
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
import torch.nn as nn
from mmengine.dataset import pseudo_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmseg.registry import HOOKS

from ...datasets.transforms import DegradeImage
from ...evaluation import MultiTaskEvaluator
from ...evaluation.reports import (format_console, format_report,
                                   write_image_scores)
from ...utils import IGNORE_INDEX, write_whole
from ...visualization.panels import (COLUMNS, draw_error, draw_panel,
                                     draw_sheet, find_palette, sample_pictures)


@HOOKS.register_module()
class EvaluationReportHook(Hook):
    """A table of the scores of a test, and files in the folder of the run.

    - ``report.md``: the scores in the layout of the paper's Tables 3 to 5,
      with the paper's rows;
    - ``images_<task>.csv``: the scores of every image;
    - ``worst.png``: the worst images of each task: input, prediction, target
      and where they differ.

    Tests whose evaluator is no :class:`MultiTaskEvaluator` are skipped.

    Args:
        worst: Number of images of each task in ``worst.png``, 0 for none.

    Raises:
        ValueError: ``worst`` is negative.
    """

    # Behind the hooks that write pictures while the test runs.
    priority = 'LOW'

    def __init__(self, worst: int = 4) -> None:
        if worst < 0:
            raise ValueError(f'worst must be >= 0, but got {worst}')
        self.worst = worst

    @master_only
    def after_test_epoch(self,
                         runner: Any,
                         metrics: dict | None = None) -> None:
        """Write the files."""
        evaluator = runner.test_loop.evaluator
        if not isinstance(evaluator, MultiTaskEvaluator) or not metrics:
            return
        folder = Path(runner.log_dir)
        weights = runner.cfg.get('load_from') or 'no checkpoint'
        title = f'{Path(runner.cfg.filename or runner.experiment_name).stem}'
        remarks = ', '.join([weights, *_remarks(runner)])
        write_whole(
            format_report(metrics, f'{title} ({remarks})').encode(),
            folder / 'report.md')
        for task, rows in evaluator.image_scores.items():
            if any(rows.values()):
                write_image_scores(rows, folder / f'images_{task}.csv')
        self._write_worst(runner, evaluator, folder / 'worst.png')
        print_log(f'Scores:\n{format_console(metrics)}', 'current')
        print_log(
            f'Report, scores of images, worst images: {folder}/report.md, '
            'images_*.csv, worst.png', 'current')

    def _write_worst(self, runner: Any, evaluator: MultiTaskEvaluator,
                     filename: Path) -> None:
        panels = []
        for task, score in evaluator.worst_by.items():
            rows = evaluator.image_scores[task]
            keys = sorted((row[score], key) for key, row in rows.items()
                          if score in row)[:self.worst]
            for value, (sample_idx, img_path) in keys:
                panel = _panel(runner, sample_idx, img_path)
                if panel is not None:
                    caption = (f'{task}, {Path(img_path).name}, {score} '
                               f'{value:.2f}')
                    panels.append((caption, panel))
        if panels:
            sheet = draw_sheet(panels, columns=(*COLUMNS, 'error'))
            mmcv.imwrite(mmcv.rgb2bgr(sheet), str(filename))


def _of_one_process(model: nn.Module) -> nn.Module:
    """Without the wrapper of processes; one of augmentation stays."""
    return model.module if is_model_wrapper(model) else model


def _remarks(runner: Any) -> list[str]:
    """What makes a test another one than that of the tables."""
    remarks = []
    if isinstance(_of_one_process(runner.model), BaseTTAModel):
        remarks.append('augmented')
    dataset = runner.test_dataloader.dataset
    pipeline = getattr(dataset, 'pipeline', None)
    for step in getattr(pipeline, 'transforms', ()):
        if isinstance(step, DegradeImage):
            remarks.append(f'{step.kind} {step.amount:g}')
    for child in getattr(dataset, 'datasets', [dataset]):
        # TextSeg has a list of them.
        splits = getattr(child, 'splits', [getattr(child, 'split', 'test')])
        if splits != ['test']:
            task = getattr(child, 'task', type(child).__name__)
            remarks.append(f'{task} on {" + ".join(splits)}')
    return remarks


def _panel(runner: Any, sample_idx: int, img_path: str) -> np.ndarray | None:
    """Predict a sample once more and draw it with its error.

    None if the data set has another image at the index, as data sets that
    were joined by other means have. (Keeping the pictures of the test until
    it is known which are worst would take the memory of the whole set.)
    """
    dataset = runner.test_dataloader.dataset
    model = _of_one_process(runner.model)
    sample, = model.test_step(pseudo_collate([dataset[sample_idx]]))
    if sample.get('img_path') != img_path:
        return None
    palette = find_palette(model, dataset.metainfo, sample.get('task', None))
    pictures = sample_pictures(sample, palette)
    _, pred, target = pictures
    if 'pred_sem_seg' in sample and 'gt_sem_seg' in sample:
        # Right is what is of the right class, whatever its exact color; what
        # is ignored is right.
        pred, target = (
            sample.get(name).data.squeeze(0).cpu().numpy()
            for name in ('pred_sem_seg', 'gt_sem_seg'))
        wrong = (pred != target) & (target != IGNORE_INDEX)
        pred, target = wrong[..., None] * 255, 0 * wrong[..., None]
    error = None
    if pred is not None and target is not None:
        error = draw_error(pred, target)
    return draw_panel([*pictures, error])
