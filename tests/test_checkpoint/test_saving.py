from __future__ import annotations
from pathlib import Path

import pytest
import torch

from upocr_mm.checkpoint import load_tensors, write_checkpoint

STATE = dict(
    a=torch.arange(6.).reshape(2, 3).t(),  # not contiguous
    b=torch.tensor(3, dtype=torch.int64),
    c=torch.ones(4).half())
META = dict(
    upocr=dict(tasks=['x'], palettes=dict(x=[[0, 1, 2]])), windows={'e': [8]})


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors', 'a.SafeTensors'])
def test_read_as_written(name: str, tmp_path: Path) -> None:
    file = tmp_path / 'new' / name
    write_checkpoint(dict(state_dict=STATE, meta=META), file)
    found = load_tensors(str(file))
    assert found['meta'] == META
    assert found['state_dict'].keys() == STATE.keys()
    for key, value in STATE.items():
        assert found['state_dict'][key].dtype == value.dtype
        assert torch.equal(found['state_dict'][key], value)


def test_formats(tmp_path: Path) -> None:
    """By their first bytes, they are what their endings say."""
    for name in 'a.pth', 'a.safetensors', 'b.SafeTensors':
        write_checkpoint(dict(state_dict=STATE, meta={}), tmp_path / name)
    assert (tmp_path / 'a.pth').read_bytes()[:2] == b'PK'
    assert (tmp_path / 'a.safetensors').read_bytes()[8:9] == b'{'
    assert (tmp_path / 'b.SafeTensors').read_bytes()[8:9] == b'{'


def test_shared_memory(tmp_path: Path) -> None:
    """Tensors that are one in the model are two in the file."""
    both = dict(a=STATE['a'], b=STATE['a'])
    write_checkpoint(
        dict(state_dict=both, meta={}), tmp_path / 'a.safetensors')
    found = load_tensors(str(tmp_path / 'a.safetensors'))['state_dict']
    assert torch.equal(found['a'], found['b'])
