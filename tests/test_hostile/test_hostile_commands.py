"""Command lines, files that tools read, and faults while they write."""
from __future__ import annotations
import contextlib
import json
import logging
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Iterator

import mmcv
import numpy as np
import pytest
import torch
from checkpoint_files import FEW, NAME, saved
from harness import ROOT, Case, no_room, params, tool
from mmengine.fileio import get_file_backend
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import save_checkpoint

from upocr_mm.apis.cli import main as upocr
from upocr_mm.engine import PreflightHook
from upocr_mm.evaluation.reports import write_image_scores
from upocr_mm.utils import write_whole, written_whole

NANO = ROOT / 'configs/upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
UPOCR2MM = 'tools/model_converters/upocr2mm.py'
MM2UPOCR = 'tools/model_converters/mm2upocr.py'
PUBLISH = 'tools/model_converters/publish_model.py'
COMPLEXITY = 'tools/analysis/complexity.py'
TABLE = 'tools/analysis/score_table.py'
SCORE = 'tools/analysis/score_folders.py'
ROBUSTNESS = 'tools/analysis/robustness.py'
EXPORT = 'tools/deployment/export_onnx.py'
DEMO = 'tools/demo.py'
PAGES = 'configs/examples/draw_pages.py'


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    for folder in 'model_converters', 'analysis':
        monkeypatch.syspath_prepend(str(ROOT / 'tools' / folder))


def nothing(folder: Path) -> None:
    pass


def command(*words: object):
    """The command `upocr`."""
    return tool(lambda: upocr(sys.argv[1:]), *words)


def text(name: str, content: str):
    """Makes a file of text."""

    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    return make


def both(*makers):
    """Makes several things."""

    def make(folder: Path) -> None:
        for maker in makers:
            maker(folder)

    return make


BROKEN = {
    'no Python': ('x = (', 'SyntaxError'),
    'an error': ('1 / 0', 'ZeroDivisionError'),
    'no base': ("_base_ = 'no.py'", 'no.py'),
    'binary': ('\x00\x01', 'cannot be read|is not a configuration'),
}
CONFIGS = [
    Case(f'config: {name}, {label}', text('c.py', content), run, says,
         code=2)
    for name, (content, says) in BROKEN.items()
    for label, run in (('upocr train', command('train', 'c.py')),
                       ('complexity', tool(COMPLEXITY, 'c.py')))
] + [
    Case(f'config: {label}, {name}', make, tool(main, *words), says, code=2)
    for name, make, file, says in (
        ('missing', nothing, 'no.py', 'no.py does not exist'),
        ('folder', lambda f: (f / 'd.py').mkdir(), 'd.py', 'd.py (is a folder|'
         'does not exist)'),
        ('other file', text('c.txt', 'a = 1'), 'c.txt', r'must end in \.py'))
    for label, main, words in (
        ('upocr train', lambda: upocr(sys.argv[1:]), ('train', file)),
        ('complexity', COMPLEXITY, (file, )),
        ('score_folders', SCORE, (file, 'text_removal=.')))
] + [
    Case('config: empty, train', text('c.py', ''), command('train', 'c.py'),
         'c.py has no model', code=2),
    Case('config: empty, test', both(text('c.py', ''), saved(FEW)),
         command('test', 'c.py', NAME), 'c.py has no model', code=2),
    Case('config: empty, score_folders', text('c.py', ''),
         tool(SCORE, 'c.py', 'a=b'), 'c.py has no model', code=2),
    Case('config: empty, complexity', text('c.py', ''),
         tool(COMPLEXITY, 'c.py'), 'c.py has no model', code=2),
    Case('config: no model, complexity', text('c.py', 'a = 1'),
         tool(COMPLEXITY, 'c.py'), 'c.py has no model', code=2),
    Case('config: export', text('c.py', '1 / 0'),
         tool(EXPORT, 'c.py', 'random', 'x.onnx'), 'is not a configuration'),
    Case('config: robustness', both(text('c.py', 'a = 1'), saved(FEW)),
         tool(ROBUSTNESS, 'c.py', NAME, '--work-dir', 'w'),
         'c.py has no test_dataloader', code=2),
    Case('config: endless', text('c.py', "_base_ = './c.py'"),
         command('train', 'c.py'), 'RecursionError', code=2, slow=True),
    Case('options: no place', nothing,
         command('train', NANO, '--cfg-options', 'load.7.x=1'),
         '--cfg-options load.7.x=1: KeyError', code=2),
    Case('options: misspelled', nothing,
         command('train', NANO, '--cfg-options', 'train_datloader.a=1'),
         'did you mean train_dataloader', code=2),
    Case('options: misspelled, test', saved(FEW),
         command('test', NANO, NAME, '--cfg-options', 'test_evalator.a=1'),
         'did you mean test_evaluator', code=2),
    Case('options: val_interval', nothing,
         command('train', NANO, '--cfg-options', 'train_cfg.val_interval=0'),
         'train_cfg.val_interval must be an integer of at least 1', code=2),
    *(Case(f'launcher: {name}', nothing,
           command('train', NANO, '--launcher', name),
           f'--launcher {name} needs {variable} in the environment', code=2)
      for name, variable in (('slurm', 'SLURM_PROCID'),
                             ('mpi', 'OMPI_COMM_WORLD_LOCAL_RANK'))),
    *(Case(f'options: {option}', nothing,
           command('train', NANO, '--cfg-options', option), says, code=2)
      for option, says in (
          ('a', "--cfg-options: must be KEY=VALUE, got 'a'"),
          ('=3', "--cfg-options: must be KEY=VALUE, got '=3'"),
          ('.x=3', "--cfg-options: must be KEY=VALUE, got '.x=3'"),
          ('x=(1,[2', '--cfg-options: .*Imbalanced brackets'),
          ('env_cfg=3', 'env_cfg must be a dict, but got 3'),
          ('optim_wrapper.optimizer.type=AdamWW', 'did you mean AdamW'),
          ('optim_wrapper.optimizer.betas=(0.9,2)', 'optimizer.betas must be'),
          ('optim_wrapper.clip_grad.max_norm=-1', 'max_norm must be a number'),
          ('randomness.seed=abc', 'randomness.seed must be an integer'),
          ('train_dataloader.batch_size=4', 'batch_size 4 cannot be divided'),
          ('train_dataloader.dataset.pipeline.0.size=(-128,128)',
           'pipeline.0: size of PairedResize must be'))),
]  # yapf: disable
LINES = [
    Case('upocr: no command', nothing, command(), 'required', code=2),
    Case('upocr: unknown', nothing, command('trian'), 'invalid choice',
         code=2),
    Case('train: no config', nothing, command('train'), 'required: config',
         code=2),
    Case('train: unknown option', nothing, command('train', NANO, '--wrk'),
         'unrecognized arguments: --wrk', code=2),
    Case('train: help', nothing, command('train', '--help'), '--resume',
         code=0),
    Case('train: work dir a file', text('w', ''),
         command('train', NANO, '--work-dir', 'w'),
         '--work-dir w is a file; name a folder', code=2),
    Case('train: in the folder of the config', text('w/c.py', NANO.read_text(
         ).replace("'./", f"'{NANO.parent}/")),
         command('train', 'w/c.py', '--work-dir', 'w'),
         'w/c.py would overwrite what it is made from', code=2),
    Case('train: no processes', nothing,
         command('train', NANO, '--launcher', 'pytorch', '--gpus', 0),
         '--gpus must be at least 1', code=2),
    Case('test: no checkpoint', nothing, command('test', NANO),
         'required: checkpoint', code=2),
    Case('test: missing checkpoint', nothing, command('test', NANO, 'no.pth'),
         'the checkpoint no.pth does not exist', code=2),
    Case('test: missing, as of mim', nothing,
         command('test', NANO, '--checkpoint', 'no.pth'),
         'the checkpoint no.pth does not exist', code=2),
    Case('test: show dir a file', both(text('w', ''), saved(FEW)),
         command('test', NANO, NAME, '--show-dir', 'w'),
         '--show-dir w is a file; name a folder', code=2),
    Case('test: tta without', both(saved(FEW), text(
        'c.py', f'_base_ = {str(NANO)!r}\ntta_pipeline = None')),
         command('test', 'c.py', NAME, '--tta'),
         'has no tta_pipeline, which is needed for --tta', code=2),
    # More than any machine can address.
    Case('remove: size', lambda f: mmcv.imwrite(
        np.zeros((9, 9, 3), np.uint8), str(f / 'a.png')),
         command('remove', 'a.png', '--backend', 'torch', '--size', 32000000),
         'upocr: not enough memory; a smaller --size', code=1,
         leaves=('upocr_output', )),
    Case('models: no pattern', nothing, command('models', '('), '', code=2),
    Case('complexity: size', nothing, tool(COMPLEXITY, NANO, '--size', 0, 0),
         '--size must be at least 32', code=2),
    Case('table: no folder', nothing, tool(TABLE, 'no'), 'no holds no scores',
         code=2),
    Case('table: half JSON', text('w/1/1.json', '{"a/b": 1.'),
         tool(TABLE, 'w'), 'w/1/1.json does not hold scores'),
    Case('table: empty JSON', text('w/1/1.json', ''), tool(TABLE, 'w'),
         'w/1/1.json does not hold scores'),
    Case('table: list', text('w/1/1.json', '[1]'), tool(TABLE, 'w'),
         'w/1/1.json does not hold scores'),
    Case('table: text', text('w/1/1.json', '{"a/b": "x"}'), tool(TABLE, 'w'),
         'w/1/1.json does not hold scores'),
    Case('table: binary', lambda f: both(text('w/1/1.json', ''))(f) or
         (f / 'w/1/1.json').write_bytes(b'\xff\xfe'), tool(TABLE, 'w'),
         'w/1/1.json does not hold scores'),
    Case('table: other score', text('w/1/1.json', '{"a/b": 1}'),
         tool(TABLE, 'w', '--metrics', 'a/c'), 'no test has the scores',
         code=2),
    Case('table: twice', text('w/1/1.json', '{"a/b": 1}'),
         tool(TABLE, 'w', 'w'), 'two tests are called w', code=2),
    Case('table: fine', text('w/1/1.json', '{"a/b": 1}'),
         tool(TABLE, 'w', '--metrics', 'a/b'), '1.00', code=0),
    Case('score: no pair', nothing, tool(SCORE, NANO, 'x'),
         'not of the form TASK=FOLDER', code=2),
    Case('score: unknown task', nothing, tool(SCORE, NANO, 'x=y'),
         "the configuration tests .*, not 'x'"),
    Case('score: out a file', text('o', ''),
         tool(SCORE, NANO, 'text_removal=y', '--out-dir', 'o'),
         '--out-dir o is a file', code=2),
    Case('robustness: no checkpoint', nothing,
         tool(ROBUSTNESS, NANO, 'no.pth', '--work-dir', 'w'),
         'no.pth does not exist', code=2),
    Case('robustness: work dir a file', both(text('w', ''), saved(FEW)),
         tool(ROBUSTNESS, NANO, NAME, '--work-dir', 'w'), 'w is a file',
         code=2),
    Case('export: no checkpoint', nothing,
         tool(EXPORT, NANO, 'no.pth', 'x.onnx'), 'no.pth does not exist',
         code=2),
    Case('export: other ending', nothing,
         tool(EXPORT, NANO, 'random', 'x.bin'), 'OUT must end in', code=2),
    Case('publish: no checkpoint', nothing, tool(PUBLISH, 'no.pth', 'x'),
         'no.pth does not exist', code=2),
    Case('publish: infinite', saved(dict(state_dict=dict(
        a=torch.full((2, ), 1e9)))), tool(PUBLISH, NAME, 'x'),
         'a has values that are not'),
    Case('publish: text as weights', saved(dict(state_dict=dict(a='x'))),
         tool(PUBLISH, NAME, 'x'), 'has no state_dict with weights'),
    Case('publish: bad palettes', saved(dict(state_dict=FEW, meta=dict(
        upocr=dict(palettes=3)))), tool(PUBLISH, NAME, 'x'),
         'palettes.* must be'),
    *(Case(f'{name}: in a file', text('d', 'mine'), tool(main, *words),
           'd is a file; name a folder', code=2)
      for name, main, *words in (
          ('demo', DEMO, '--work-dir', 'd'),
          ('demo, below', DEMO, '--work-dir', 'd/e'),
          ('train', lambda: upocr(sys.argv[1:]), 'train', NANO, '--work-dir',
           'd/e'),
          ('train_nano', 'tools/train_nano.py', 'd'),
          ('train_chain', 'tools/train_chain.py', 'd/e'),
          ('fetch_fonts', 'tools/synthesis_assets/fetch_fonts.py', 'd'),
          ('fetch_backgrounds', 'tools/synthesis_assets/fetch_backgrounds.py',
           'd/e'))),
    Case('demo: no steps', nothing, tool(DEMO, '--iterations', 0),
         '--iterations must be at least 20', code=2),
    Case('pages: a file', text('d', 'mine'), tool(PAGES, 'd'),
         'd must be a new or empty folder', code=2),
    Case('pages: a folder of others', text('d/train/00.png', 'mine'),
         tool(PAGES, 'd'), 'd must be a new or empty folder', code=2),
    Case('pages: full disk', nothing, tool(PAGES, 'd'),
         'd/train/00.png: not written: File too large', during=no_room,
         leaves=('d', 'd/train')),
    Case('test: out a file', both(text('d', ''), saved(FEW)),
         command('test', NANO, NAME, '--out', 'd'),
         '--out d is a file; name a folder', code=2),
]  # yapf: disable


def links(folder: Path) -> None:
    saved(dict(state_dict=FEW))(folder)
    (folder / 'symlink.pth').symlink_to(NAME)
    os.link(folder / NAME, folder / 'hardlink.pth')


SAME = [
    Case(f'{name}, {target}', links, tool(main, NAME, target),
         'would overwrite what it is made from', code=2)
    for name, main in (('upocr2mm', UPOCR2MM), ('mm2upocr', MM2UPOCR))
    for target in (NAME, f'./{NAME}', 'symlink.pth', 'hardlink.pth')
] + [
    Case(f'{name}, {kind}', saved(dict(state_dict=dict(a=value))),
         tool(main, NAME, 'o.pth'), f'{NAME}: a {says}')
    for name, main in (('upocr2mm', UPOCR2MM), ('mm2upocr', MM2UPOCR))
    for kind, value, says in (
        ('not finite', torch.tensor([torch.nan]), 'has values that are not'),
        ('integers', torch.ones(2, dtype=torch.int64), 'must be of floating'))
] + [
    Case('upocr2mm, a folder', both(links, lambda f: (f / 'o').mkdir()),
         tool(UPOCR2MM, NAME, 'o'), 'o is a folder', code=2),
    Case('mm2upocr, safetensors', links, tool(MM2UPOCR, NAME, 'o.safetensors'),
         'o.safetensors: the programs of the authors read', code=2),
    Case('upocr2mm, a device', links,
         lambda folder: write_whole(b'x', '/dev/null'), '', raises=OSError),
]  # yapf: disable


@pytest.mark.parametrize('case', params(CONFIGS + LINES + SAME))
def test_commands(case: Case, hostile) -> None:
    hostile(case)


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
