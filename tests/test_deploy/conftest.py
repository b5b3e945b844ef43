from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from small_model import BATCH, SIZE, small_model

from upocr_mm.deploy import export_onnx
from upocr_mm.models import UPOCR


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
