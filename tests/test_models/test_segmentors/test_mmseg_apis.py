"""``mmseg.apis`` on configurations of this package."""
from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from tiny_run import PAIRED_RESIZE, tiny_cfg

from upocr_mm.models import UPOCR

TASK = 'text_segmentation'


def tiny(tmp_path: Path, tasks: list[str]) -> UPOCR:
    cfg = tiny_cfg(tmp_path, tmp_path)
    cfg.model.task_prompt.tasks = tasks
    for table in (cfg.model.codecs, cfg.model.losses):
        for task in set(table) - set(tasks):
            table.pop(task)
    cfg.test_pipeline[1] = PAIRED_RESIZE
    return init_model(cfg, device='cpu')


def test_one_task(tmp_path: Path) -> None:
    model = tiny(tmp_path, [TASK])
    sample = inference_model(model, np.zeros((40, 50, 3), np.uint8))
    assert sample.pred_image.shape == (40, 50)
    assert sample.pred_sem_seg.data.shape == (1, 40, 50)


def test_several_tasks(tmp_path: Path) -> None:
    model = tiny(tmp_path, [TASK, 'text_removal'])
    with pytest.raises(ValueError, match='use upocr_mm.apis.UPOCRInferencer'):
        inference_model(model, np.zeros((40, 50, 3), np.uint8))


@pytest.mark.parametrize('name', ['pretrained', 'train_cfg'])
def test_what_is_not_used(tmp_path: Path, name: str) -> None:
    cfg = tiny_cfg(tmp_path, tmp_path)
    cfg.model[name] = 'a.pth'
    with pytest.raises(ValueError, match=f'model.{name} is not used.*a.pth'):
        MODELS.build(cfg.model)
