"""After construction no parameter and no buffer is what memory held."""
from __future__ import annotations
import importlib
from pathlib import Path
from typing import Iterator

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
# The models of the baselines do not depend on their data set.
FILES = sorted(path for pattern in ('upocr/*.py', 'upocr_ablation/*.py',
                                    'examples/upocr_*.py', 'segmim/*.py',
                                    'viteraser/*.py',
                                    'baselines/*_textseg-*.py')
               for path in CONFIGS.glob(pattern))  # yapf: disable


@pytest.fixture
def filled_memory(monkeypatch) -> Iterator[None]:
    """New tensors hold NaN until something is written to them."""
    empty = torch.empty

    def filled(*args, **kwargs) -> torch.Tensor:
        tensor = empty(*args, **kwargs)
        return tensor.fill_(
            float('nan') if tensor.is_floating_point() else 2**30)

    monkeypatch.setattr(torch, 'empty', filled)
    # Also what is not made through torch.empty, with torch from 2.2 on.
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def small_model(path: Path) -> torch.nn.Module:
    """The model of a configuration; ours with few channels and blocks."""
    cfg = Config.fromfile(path, import_custom_modules=False)
    if path.parent.name == 'examples':
        importlib.import_module('document_binarization')
    init_default_scope('mmseg')
    if path.parent.name != 'baselines':
        cfg.model.backbone.arch = dict(
            embed_dims=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 1, 2, 2],
            extra_norm_every_n_blocks=0)
        cfg.model.decode_head.arch = dict(
            embed_dims=64, depths=[1, 1, 1, 1, 1], num_heads=[2, 2, 1, 1, 1])
    # They would load a network of ImageNet.
    if cfg.model.type == 'UPOCR':
        cfg.model.losses = None
    if cfg.model.type == 'ViTEraser':
        cfg.model.losses.text_removal.feature = None
    return MODELS.build(cfg.model)


def uninitialized(model: torch.nn.Module) -> list[str]:
    """Names of tensors that nothing was written to."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [name for name, value in tensors
            if not torch.isfinite(value).all()
            or (not value.is_floating_point() and (value == 2**30).any())
            ]  # yapf: disable


def test_the_test_finds_them(filled_memory) -> None:
    module = torch.nn.Linear(2, 2)
    module.prompt = torch.nn.Parameter(torch.empty(3))
    module.register_buffer('count', torch.empty(3, dtype=torch.long))
    assert uninitialized(module) == ['prompt', 'count']


def test_all_are_found() -> None:
    assert len(FILES) == 15 + 16 + 3 + 8 + 8 + 4


@pytest.mark.parametrize('path', FILES, ids=[path.stem for path in FILES])
def test_initialized(filled_memory, monkeypatch, path: Path) -> None:
    monkeypatch.syspath_prepend(str(CONFIGS / 'examples'))
    assert uninitialized(small_model(path)) == []
