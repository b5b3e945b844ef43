"""``load_from = 'upocr://NAME'``: weights that come with the package."""
from __future__ import annotations
import hashlib
from pathlib import Path

import pytest
import torch
from mmengine.runner import CheckpointLoader
from safetensors.torch import save_file

import upocr_mm  # noqa: F401 registers the scheme
from upocr_mm.utils import model_index


@pytest.fixture
def weights(tmp_path: Path, monkeypatch) -> Path:
    """A model index with one model and its weights."""
    file = tmp_path / 'small.safetensors'
    save_file(dict(layer=torch.arange(3.)), file)
    config = tmp_path / 'small.py'
    config.touch()
    entry = dict(
        Name='small',
        Alias='s',
        Config=str(config),
        Weights='small.safetensors',
        Metadata=dict(SHA256=hashlib.sha256(file.read_bytes()).hexdigest()))
    bare = dict(Name='bare', Config=str(config))
    monkeypatch.setattr(model_index, 'list_models', lambda: [entry, bare])
    monkeypatch.setattr(model_index, 'config_root', lambda: tmp_path)
    return file


@pytest.mark.parametrize('name', ['small', 's'])
def test_by_name_and_alias(weights: Path, name: str) -> None:
    content = CheckpointLoader.load_checkpoint(f'upocr://{name}', 'cpu')
    assert content['state_dict']['layer'].tolist() == [0, 1, 2]


def test_refused(weights: Path) -> None:
    for name, message in (('large', "no model 'large'"),
                          ('bare', "no weights come with the model 'bare'")):
        with pytest.raises(ValueError, match=message):
            CheckpointLoader.load_checkpoint(f'upocr://{name}', 'cpu')
    weights.write_bytes(weights.read_bytes()[:-1] + b'.')
    with pytest.raises(ValueError, match='damaged or was exchanged'):
        CheckpointLoader.load_checkpoint('upocr://small', 'cpu')
