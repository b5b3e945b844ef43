"""Command lines, and files that tools read."""
from __future__ import annotations
import os
import sys
from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from checkpoint_files import FEW, NAME, saved
from harness import ROOT, Case, no_room, params, tool
from hostile_data import made, nothing, text

from upocr_mm.apis.cli import main as upocr
from upocr_mm.utils import write_whole

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


def command(*words: object):
    """The command `upocr`."""
    return tool(lambda: upocr(sys.argv[1:]), *words)


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
    Case('config: empty, test', made(text('c.py', ''), saved(FEW)),
         command('test', 'c.py', NAME), 'c.py has no model', code=2),
    Case('config: empty, score_folders', text('c.py', ''),
         tool(SCORE, 'c.py', 'a=b'), 'c.py has no model', code=2),
    Case('config: empty, complexity', text('c.py', ''),
         tool(COMPLEXITY, 'c.py'), 'c.py has no model', code=2),
    Case('config: no model, complexity', text('c.py', 'a = 1'),
         tool(COMPLEXITY, 'c.py'), 'c.py has no model', code=2),
    Case('config: export', text('c.py', '1 / 0'),
         tool(EXPORT, 'c.py', 'random', 'x.onnx'), 'is not a configuration'),
    Case('config: robustness', made(text('c.py', 'a = 1'), saved(FEW)),
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
          ('custom_imports.imports=x', 'is imported before; write it in a co'),
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
    Case('test: show dir a file', made(text('w', ''), saved(FEW)),
         command('test', NANO, NAME, '--show-dir', 'w'),
         '--show-dir w is a file; name a folder', code=2),
    Case('test: tta without', made(saved(FEW), text(
        'c.py', f'_base_ = {str(NANO)!r}\ntta_pipeline = None')),
         command('test', 'c.py', NAME, '--tta'),
         'has no tta_pipeline, which is needed for --tta', code=2),
    Case('remove: empty input', nothing, command('remove', ''),
         'an input is empty; . is the current folder', code=2),
    Case('publish: into a folder', saved(dict(state_dict=FEW)),
         tool(PUBLISH, NAME, '.'), 'is a folder; name the file to write',
         code=2),
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
    Case('table: binary', lambda f: made(text('w/1/1.json', ''))(f) or
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
    Case('score: reports of others', text('o/report.md', 'mine'),
         tool(SCORE, NANO, 'text_removal=y', '--out-dir', 'o'),
         'o/report.md is there already; .* or add --overwrite', code=2),
    Case('robustness: no checkpoint', nothing,
         tool(ROBUSTNESS, NANO, 'no.pth', '--work-dir', 'w'),
         'no.pth does not exist', code=2),
    Case('robustness: work dir a file', made(text('w', ''), saved(FEW)),
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
    Case('test: out a file', made(text('d', ''), saved(FEW)),
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
    Case('upocr2mm, a folder', made(links, lambda f: (f / 'o').mkdir()),
         tool(UPOCR2MM, NAME, 'o'), 'o is a folder', code=2),
    Case('mm2upocr, safetensors', links, tool(MM2UPOCR, NAME, 'o.safetensors'),
         'o.safetensors: the programs of the authors read', code=2),
    Case('upocr2mm, a device', links,
         lambda folder: write_whole(b'x', '/dev/null'), '', raises=OSError),
]  # yapf: disable


@pytest.mark.parametrize('case', params(CONFIGS + LINES + SAME))
def test_commands(case: Case, hostile) -> None:
    hostile(case)
