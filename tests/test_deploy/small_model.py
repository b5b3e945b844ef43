"""A small model, and the size of the pictures that tests give it."""
from __future__ import annotations

import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from reference_model import reference_model_cfg

from upocr_mm.models import UPOCR

SIZE = (64, 96)
BATCH = 2


def small_model(**task_prompt) -> UPOCR:
    """A model of one or two blocks per stage, with random weights."""
    cfg = reference_model_cfg()
    cfg['backbone']['arch']['depths'] = [1, 1, 2, 1]
    cfg['decode_head']['arch']['depths'] = [1, 2, 1, 1, 1]
    cfg['backbone']['window_size'] = cfg['decode_head']['window_size'] = 4
    cfg['task_prompt'].update(task_prompt)
    with DefaultScope.overwrite_default_scope('mmseg'):
        torch.manual_seed(0)
        model = MODELS.build(cfg)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()
