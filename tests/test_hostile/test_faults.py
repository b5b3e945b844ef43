"""Faults while files are written, and what a training resumes from."""
from __future__ import annotations
import contextlib
import json
import logging
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Iterator

import pytest
import torch
from checkpoint_files import FEW, NAME, saved
from harness import ROOT, Case, no_room, params, tool
from hostile_data import nothing, text
from mmengine.fileio import get_file_backend
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import save_checkpoint

from upocr_mm.engine import PreflightHook
from upocr_mm.evaluation.reports import write_image_scores
from upocr_mm.utils import read_config, write_whole, written_whole

NANO = ROOT / 'configs/upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
PUBLISH = 'tools/model_converters/publish_model.py'


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'tools/model_converters'))


def save(folder: Path) -> None:
    """As the hook for checkpoints does."""
    save_checkpoint(
        dict(state_dict=dict(a=torch.ones(9999))), str(folder / NAME))


def save_images(folder: Path) -> None:
    write_image_scores({(0, 'a.png'): dict(x=1.)}, folder / 'images.csv')


def several(folder: Path) -> None:
    with written_whole(folder / 'b', folder / 'a') as made:
        (made / 'a').write_bytes(bytes(10))
        (made / 'b').write_bytes(bytes(9999))


class Kill(BaseException):
    """As a kill, it is no Exception."""


def killed(folder: Path) -> str:
    """Stopped while it writes; what was there is still good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'replace', lambda *args: (_ for _ in ()).throw(Kill))
        with pytest.raises(Kill):
            save(folder)
    content = CheckpointLoader.load_checkpoint(str(folder / NAME))
    return 'good' if torch.equal(content['state_dict']['a'], FEW['a']) else ''


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Also for the lines of a log, which `upocr train` then leaves out."""
    before = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        with no_room():
            yield
    finally:
        logging.raiseExceptions = before


def little_room(folder: Path) -> None:
    """The disk says beforehand that it has no room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, 'disk_usage',
                      lambda path: SimpleNamespace(free=1000))
        save(folder)


def resume(folder: Path, content: str | None) -> None:
    """Look for what --resume goes on with."""
    if content is not None:
        (folder / 'last_checkpoint').write_text(content)
    runner = SimpleNamespace(
        cfg={},
        model=torch.nn.Linear(1, 1),
        work_dir=str(folder),
        _train_loop=None,
        _val_loop=None,
        _test_loop=None,
        _load_from=None,
        _resume=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('upocr_mm.engine.hooks.preflight_hook.check_config',
                      lambda cfg: None)
        PreflightHook().before_run(runner)


def put_text(folder: Path) -> None:
    get_file_backend('x').put_text('x' * 999, folder / 'scores.json')


def windows(folder: Path, table: tuple, index: tuple = (4, 4)) -> str:
    """What mm2upocr looks at besides the weights."""
    from mm2upocr import check_windows
    block = 'encoder.layers.0.blocks.0.attn.relative'
    check_windows({
        f'{block}_coords_table': torch.zeros(table),
        f'{block}_position_index': torch.zeros(index)
    })
    return 'fits'


WINDOWS = [
    Case('windows, good', nothing, partial(windows, table=(1, 3, 3, 2)),
         'fits'),
    Case('windows, even', nothing, partial(windows, table=(1, 4, 4, 2)),
         r'table must have the shape .* but has \(1, 4, 4, 2\)',
         raises=ValueError),
    Case('windows, flat', nothing, partial(windows, table=(9, )),
         r'table must have the shape .* but has \(9,\)', raises=ValueError),
    Case('windows, other index', nothing, partial(
        windows, table=(1, 5, 5, 2)), r'index must have the shape \(9, 9\)',
         raises=ValueError),
]  # yapf: disable
FAULTS = [
    Case('full disk, checkpoint', saved(dict(state_dict=FEW)), save,
         f'{NAME}.*not written|not written.*{NAME}', raises=OSError,
         during=full_disk),
    Case('full disk, first checkpoint', nothing, save, 'not written',
         raises=OSError, during=full_disk),
    Case('full disk, told beforehand', saved(dict(state_dict=FEW)),
         little_room, 'no room on the disk: .* MiB are needed',
         raises=OSError),
    Case('full disk, scores', text('scores.json', '{}'), put_text,
         'not written', raises=OSError, during=full_disk),
    Case('full disk, CSV', text('images.csv', 'x'), save_images,
         'not written', raises=OSError, during=partial(no_room, 10)),
    Case('full disk, several files', text('b', 'old'), several, '',
         raises=OSError, during=full_disk),
    Case('full disk, published', saved(dict(state_dict=FEW)),
         tool(PUBLISH, NAME, 'x'), 'not written', during=partial(no_room, 9)),
    Case('full disk, config', nothing, lambda folder: read_config(NANO),
         f'File too large .a copy of .*{NANO.name}.: .{tempfile.gettempdir()}',
         raises=OSError, during=partial(no_room, 10)),
    Case('kill, checkpoint', saved(dict(state_dict=FEW)), killed, 'good'),
    Case('no right to write', lambda f: (f / 'd').mkdir(),
         lambda f: write_whole(b'x', f / 'd'), 'is a folder', raises=OSError),
    Case('a file as folder', text('d', ''),
         lambda f: write_whole(b'x', f / 'd/e'), 'not written|exists',
         raises=OSError),
    Case('resume: note is a pipe', lambda f: os.mkfifo(f / 'last_checkpoint'),
         partial(resume, content=None), 'last_checkpoint is no file',
         raises=ValueError),
    Case('resume: note is binary', lambda f: (
        f / 'last_checkpoint').write_bytes(b'\xff\xfe'),
         partial(resume, content=None), 'does not hold the path of a check',
         raises=ValueError),
    Case('resume: nothing there', nothing, partial(resume, content=None)),
    Case('resume: note is empty', nothing, partial(resume, content=''),
         "last_checkpoint names ''", raises=FileNotFoundError,
         leaves=('last_checkpoint', )),
    Case('resume: checkpoint is gone', nothing,
         partial(resume, content='iter_9.pth'),
         "last_checkpoint names 'iter_9.pth', which is no file",
         raises=FileNotFoundError, leaves=('last_checkpoint', )),
]  # yapf: disable


@pytest.mark.parametrize('case', params(FAULTS + WINDOWS))
def test_faults(case: Case, hostile) -> None:
    hostile(case)


def test_whole_files_are_written(tmp_path: Path) -> None:
    """And a link stays a link."""
    (tmp_path / 'link').symlink_to('file')
    write_whole(b'new', tmp_path / 'link')
    assert (tmp_path / 'link').is_symlink()
    assert (tmp_path / 'file').read_bytes() == b'new'
    put_text(tmp_path)
    assert (tmp_path / 'scores.json').stat().st_size == 999
    assert json.dumps(sorted(
        p.name
        for p in tmp_path.iterdir())) == ('["file", "link", "scores.json"]')
