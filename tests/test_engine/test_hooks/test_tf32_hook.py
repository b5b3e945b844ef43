from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from tiny_run import tiny_cfg


@pytest.fixture(autouse=True)
def switches(monkeypatch):
    """The switches of PyTorch as they are at the start of a process."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    yield lambda: (matmul.allow_tf32, cudnn.allow_tf32)
    matmul.allow_tf32, cudnn.allow_tf32 = before


def test_off_in_the_recipe_and_a_choice(tmp_path: Path, drawn_data: Path,
                                        switches) -> None:
    torch.backends.cudnn.allow_tf32 = True  # PyTorch's own default
    Runner.from_cfg(tiny_cfg(tmp_path / 'off', drawn_data)).test()
    assert switches() == (False, False)
    cfg = tiny_cfg(tmp_path / 'on', drawn_data)
    cfg.merge_from_dict({'default_hooks.tf32.enabled': True})
    Runner.from_cfg(cfg).test()
    assert switches() == (True, True)
