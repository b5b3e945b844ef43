from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from reference_model import reference_model_cfg

from upocr_mm.deploy import export_onnx
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


@pytest.fixture(scope='session')
def model() -> UPOCR:
    return small_model()


@pytest.fixture(scope='session')
def exported(model: UPOCR, tmp_path_factory) -> Path:
    """The model as a file, for two images of 64x96."""
    pytest.importorskip('onnx')
    if not any(map(_installed, ('openvino', 'onnxruntime'))):
        pytest.skip('no runtime is installed')
    file = tmp_path_factory.mktemp('exported') / 'small.onnx'
    export_onnx(model, file, SIZE, batch_size=BATCH, name='small')
    return file


def _installed(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


@pytest.fixture
def images() -> np.ndarray:
    """Two images with edges and gradients, (2, 3, 64, 96)."""
    y, x = np.mgrid[0:1:SIZE[0] * 1j, 0:1:SIZE[1] * 1j]
    image = np.stack([x, y, (x + y) / 2]).astype(np.float32)
    other = image[::-1].copy()
    other[:, 20:40, 30:60] = 1
    return np.stack([image, other])
