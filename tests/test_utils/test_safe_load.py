"""Checkpoints of others are read, and nothing in them is run."""
from __future__ import annotations
import argparse
import os
import pickle
import sys
import types
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from upocr_mm.checkpoint import load_tensors


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command, )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'upocr.pth'
    torch.save(
        dict(
            model=dict(weight=torch.arange(3.)),
            epoch=np.int64(3),
            args=argparse.Namespace(lr=5e-4)), path)
    return path


def test_data_is_read(file: Path) -> None:
    content = load_tensors(str(file))
    assert content['model']['weight'].tolist() == [0, 1, 2]
    assert content['epoch'] == 3 and content['args'].lr == 5e-4


@pytest.mark.parametrize('legacy', [False, True])
def test_code_is_refused_and_not_run(tmp_path: Path, legacy: bool) -> None:
    trace = tmp_path / 'was_run'
    file = tmp_path / 'evil.pth'
    torch.save(
        dict(model=Evil(f'touch {trace}')),
        file,
        _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r'evil.pth holds posix.system'):
        load_tensors(str(file))
    assert not trace.exists()


@pytest.mark.parametrize('protocol', [2, 3, 4])
@pytest.mark.parametrize('new', [True, False])
def test_logs_in_any_protocol(tmp_path: Path, protocol: int,
                              new: bool) -> None:
    """What mmengine saves of a training, also by another version of pickle."""
    torch.save(
        dict(log=HistoryBuffer([1., 2.], [1, 3]), state=OrderedDict(a=1)),
        tmp_path / 'a.pth',
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=new)
    content = load_tensors(str(tmp_path / 'a.pth'))
    logs, counts = content['log'].data
    assert logs.tolist() == [1, 2] and counts.tolist() == [1, 3]
    assert content['log'].mean() == 3 / 4
    assert content['state'] == dict(a=1)


class OldParameter:
    """Is pickled as parameters were before PyTorch 0.4."""

    def __reduce__(self):
        storage = torch.arange(6.)
        return (torch.nn.Parameter, (OldTensor(storage), ), (True, False,
                                                             OrderedDict()))


class OldTensor:
    """The same for tensors, without gradients and hooks."""

    def __init__(self, data: torch.Tensor) -> None:
        self.data = data

    def __reduce__(self):
        return torch._utils._rebuild_tensor, (torch.storage.TypedStorage(
            wrap_storage=self.data.untyped_storage(),
            dtype=self.data.dtype), 0, (2, 3), (3, 1))


def test_old_parameters(tmp_path: Path) -> None:
    """As in the file of VGG-16 that torchvision fetches."""
    file = tmp_path / 'vgg16.pth'
    torch.save(
        OrderedDict(weight=OldParameter()),
        file,
        _use_new_zipfile_serialization=False)
    weight = load_tensors(str(file))['weight']
    assert torch.equal(weight, torch.arange(6.).reshape(2, 3))


def test_objects_can_be_skipped(tmp_path: Path) -> None:
    trace = tmp_path / 'was_run'
    file = tmp_path / 'ours.pth'
    hub = dict(
        log_scalars=HistoryBuffer([1.], [1]), evil=Evil(f'touch {trace}'))
    torch.save(dict(state_dict=dict(a=torch.ones(2)), message_hub=hub), file)
    with pytest.raises(ValueError, match='posix.system, which is not data'):
        load_tensors(str(file))
    content = load_tensors(str(file), skip_objects=True)
    assert content['state_dict']['a'].tolist() == [1, 1]
    assert not trace.exists()


def test_settings_of_yacs_are_data(tmp_path: Path, monkeypatch) -> None:
    """Trainings of the Swin family save them; yacs need not be there."""

    class CfgNode(dict):

        def __init__(self) -> None:
            super().__init__(EPOCHS=100)
            self.__dict__['_immutable'] = True

    CfgNode.__module__, CfgNode.__qualname__ = 'yacs.config', 'CfgNode'
    module = types.ModuleType('yacs.config')
    module.CfgNode = CfgNode
    monkeypatch.setitem(sys.modules, 'yacs', types.ModuleType('yacs'))
    monkeypatch.setitem(sys.modules, 'yacs.config', module)
    file = tmp_path / 'segmim.pth'
    torch.save(dict(model=dict(a=torch.ones(1)), config=CfgNode()), file)
    monkeypatch.undo()
    assert dict(load_tensors(str(file))['config']) == dict(EPOCHS=100)


def test_files_of_before_torch_1_6(tmp_path: Path) -> None:
    file = tmp_path / 'old.pth'
    content = dict(model=dict(weight=torch.arange(3.)))
    torch.save(content, file, _use_new_zipfile_serialization=False)
    assert load_tensors(str(file))['model']['weight'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('content', [
    b'', b'no checkpoint', b'<html>not found</html>',
    pickle.dumps([1, 2]), 'cut'
])  # yapf: disable
def test_no_checkpoint(file: Path, content) -> None:
    if content == 'cut':
        content = file.read_bytes()[:-100]
    file.write_bytes(content)
    with pytest.raises(ValueError, match='upocr.pth') as error:
        load_tensors(str(file))
    assert '\n' not in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no.pth does not exist'):
        load_tensors(str(tmp_path / 'no.pth'))


def test_schedules_are_data(tmp_path: Path) -> None:
    """MultiStepLR saves its milestones as a Counter."""
    content = dict(param_schedulers=[dict(milestones=Counter([3, 3, 7]))])
    torch.save(content, tmp_path / 'a.pth')
    assert load_tensors(str(tmp_path / 'a.pth')) == content
