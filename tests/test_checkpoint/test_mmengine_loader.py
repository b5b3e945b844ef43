"""No checkpoint that mmengine loads runs code."""
from __future__ import annotations
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import MessageHub
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmengine.runner.checkpoint import save_checkpoint
from safetensors.torch import save_file

import upocr_mm  # noqa: F401 registers the loader
from upocr_mm.checkpoint.mmengine_loader import TRUST


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace), )


class Script(torch.nn.Module):
    """A program, which torch.load would start."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / 'was_run'


def load(file: Path) -> dict:
    return CheckpointLoader.load_checkpoint(str(file), map_location='cpu')


@pytest.mark.parametrize('legacy', [False, True])
@pytest.mark.parametrize('where', ['state_dict', 'message_hub', 'meta'])
def test_payloads(tmp_path: Path, trace: Path, legacy: bool, where: str,
                  monkeypatch) -> None:
    file = tmp_path / 'evil.pth'
    content = dict(state_dict={}, message_hub={}, meta={})
    content[where] = Payload(trace)
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(
            ValueError, match=rf'evil.pth holds posix.mkdir.*{TRUST}=1'):
        load(file)
    assert not trace.exists()
    with pytest.raises(ValueError):
        BaseModule(dict(type='Pretrained',
                        checkpoint=str(file))).init_weights()
    assert not trace.exists()
    # For those who trust it. It also shows that the payload works.
    monkeypatch.setenv(TRUST, '1')
    load(file)
    assert trace.exists()


def test_programs(tmp_path: Path) -> None:
    file = tmp_path / 'script.pth'
    torch.jit.save(torch.jit.script(Script()), file)
    with pytest.raises(ValueError, match=r'a program \(TorchScript\)'):
        load(file)


def test_attributes_of_other_things(tmp_path: Path) -> None:
    """`getattr`, which logs need, gets nothing else."""

    class Attribute:

        def __reduce__(self):
            return getattr, (np.ndarray, 'tofile')

    file = tmp_path / 'evil.pth'
    torch.save(dict(a=Attribute()), file)
    with pytest.raises(ValueError, match='builtins.getattr'):
        load(file)


def test_what_mmengine_saves(tmp_path: Path) -> None:
    hub = MessageHub.get_instance('a hub of the test')
    hub.update_scalar('train/loss', 2.5)
    hub.update_scalar('train/loss', 1.5)
    file = tmp_path / 'iter_2.pth'
    save_checkpoint(
        dict(
            state_dict=dict(a=torch.ones(2)),
            message_hub=hub.state_dict(),
            param_schedulers=[dict(last=np.float64(0.5))],
            meta=dict(
                cfg='a = 1',
                dataset_meta=ConfigDict(palette=[[0, 0, 255]]),
                config='import os; os.mkdir("no")')), str(file))
    content = load(file)
    other = MessageHub.get_instance('another hub of the test')
    other.load_state_dict(content['message_hub'])
    assert other.get_scalar('train/loss').mean() == 2
    assert content['param_schedulers'][0]['last'] == 0.5
    assert content['meta']['dataset_meta'] == dict(palette=[[0, 0, 255]])
    # mmengine would execute it.
    assert 'config' not in content['meta'] and content['meta']['cfg']


def test_altered_weights(tmp_path: Path) -> None:
    """torch.load does not compare the checksums."""
    file = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(a=torch.full((64, ), 3.))), file)
    content = bytearray(file.read_bytes())
    place = content.index(np.full(64, 3., np.float32).tobytes())
    content[place + 8] ^= 1
    file.write_bytes(content)
    torch.load(file, weights_only=True)
    with pytest.raises(ValueError, match='a.pth is damaged.*checksum'):
        load(file)


def test_safetensors(tmp_path: Path) -> None:
    file = tmp_path / 'a.safetensors'
    module = torch.nn.Linear(3, 2)
    save_file({k: v + 1 for k, v in module.state_dict().items()}, file,
              dict(meta='{"iter": 7}'))  # yapf: disable
    other = torch.nn.Linear(3, 2)
    content = load_checkpoint(other, str(file), strict=True)
    assert content['meta'] == dict(iter=7)
    assert torch.equal(other.bias, module.bias + 1)
    whole = file.read_bytes()
    lies = whole.replace(b'"shape":[2,3]', b'"shape":[9,9]')
    assert lies != whole
    for damaged in (whole[:-4], whole[:40], lies, b'\xff' * 8 + whole[8:]):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match='a.safetensors is damaged'):
            load(file)
