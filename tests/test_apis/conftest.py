from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image
from tiny_run import PAIRED_RESIZE, tiny_cfg

from upocr_mm.apis import UPOCRInferencer
from upocr_mm.deploy import load_model


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory) -> tuple[Path, Path]:
    """Configuration and checkpoint of a model of 32x32, untrained."""
    folder = tmp_path_factory.mktemp('tiny_model')
    config, weights = folder / 'tiny.py', folder / 'tiny.pth'
    model = tiny_cfg(folder, folder).model
    loader = dict(dataset=dict(pipeline=[PAIRED_RESIZE]))
    Config(dict(model=model, test_dataloader=loader)).dump(str(config))
    torch.manual_seed(0)
    model = load_model(config, None)
    meta = dict(upocr=model.task_meta)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), weights)
    return config, weights


@pytest.fixture(scope='session')
def inferencer(tiny_model: tuple[Path, Path]) -> UPOCRInferencer:
    return UPOCRInferencer(*tiny_model, backend='torch', show_progress=False)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 60x90 with 'text'."""
    pixels = np.full((60, 90, 3), 200, np.uint8)
    pixels[::7] = 90
    pixels[20:40, 10:70:6] = 10
    file = tmp_path / 'photos' / 'photo.png'
    file.parent.mkdir()
    Image.fromarray(pixels).save(file)
    return file
