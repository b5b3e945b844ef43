"""Command lines of the tools that read and write data."""
from __future__ import annotations
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from harness import ROOT, Case, no_room, params, tool
from hostile_data import (content, cut, fifo, folder_at, made, moved, noise,
                          nothing, picture, save, scut, text, textseg)

from upocr_mm.synthesis.assets.asset_folder import AssetFolder

CHECK, BROWSE, SYNTHESIZE, SHEETS = (f'tools/{name}.py'
                                     for name in ('check_dataset',
                                                  'browse_dataset',
                                                  'synthesize_dataset',
                                                  'browse_synthesis'))
FAST = ('--workers', 1, '--no-duplicates')
CONFIG = """
train_dataloader = dict(dataset=dict(
    type='SCUTEnsTextDataset', data_root='data', pipeline=[
        dict(type='LoadImageFromFile',
             color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PairedResize', size=(32, 32)),
        dict(type='PackImageToImageInputs')]))
"""
config = made(scut, text('c.py', CONFIG))
IGNORED_SHEET = 'sheets/train_text_removal_1.png'


def changed(old: str, new: str):
    """The config with other words."""
    assert old in CONFIG
    return made(scut, text('c.py', CONFIG.replace(old, new)))


def browse(*args: object):
    return tool(BROWSE, 'c.py', '--num', 1, '--out-dir', 'sheets', *args)


BOTH = [
    Case(f'{name}, {Path(file).stem}', make, tool(file, *args), says, 2)
    for file in (CHECK, BROWSE) for name, make, args, says in (
        ('no argument', nothing, (), 'required'),
        ('a config that is not there', nothing, ('c.py', ),
         'c.py does not exist'),
        ('a picture as a config', picture('c.png', noise()), ('c.png', ),
         'c.png must end in .py'),
        ('a config with a syntax error', text('c.py', 'a = ('), ('c.py', ),
         'c.py cannot be read: .*never closed'),
        ('a config that fails', text('c.py', 'a = 1 / 0'), ('c.py', ),
         'c.py cannot be read: ZeroDivisionError'),
        ('a config of another encoding', content('c.py', b'a = "\xff\xfe"'),
         ('c.py', ), 'c.py cannot be read'),
        ('an empty config', text('c.py', ''), ('c.py', ), 'has no'),
        ('a config on a missing base', text('c.py', "_base_ = 'no.py'"),
         ('c.py', ), 'c.py cannot be read.*no.py'),
        ('a pipe as a config', fifo('c.py'), ('c.py', ), 'c.py is no file'),
        ('an unknown data set', changed('SCUTEnsText', 'Scut'), ('c.py', ),
         'ScutDataset'),
        ('an unknown argument', changed('data_root', 'root'), ('c.py', ),
         'root'),
        ('a loader that is a list', text('c.py', 'train_dataloader = [1]'),
         ('c.py', ), 'train_dataloader must have the dict of a data set'),
        ('a loader without a data set',
         text('c.py', 'train_dataloader = dict(batch_size=1)'), ('c.py', ),
         'as its dataset, got None'),
        ('a change of nothing', config, ('c.py', '--cfg-options', 'a.b.c'),
         "must be KEY=VALUE, got 'a.b.c'"),
        ('an unknown option', config, ('c.py', '--fast'), 'unrecognized'),
    )
]

CHECKS = [
    Case('a config', config, tool(CHECK, 'c.py', *FAST), 'No problem', 0),
    Case(
        'a report',
        scut,
        tool(CHECK, 'data', *FAST, '--json', 'new/r.json'),
        'No problem',
        0,
        leaves=('new', 'new/r.json')),
    Case(
        'a report again',
        made(
            scut,
            text(
                'r.json',
                json.dumps(
                    dict(
                        statistics=[],
                        problems=[],
                        near_duplicates=[],
                        notes=[])))),
        tool(CHECK, 'data', *FAST, '--json', 'r.json'),
        'No problem',
        0,
        changes=('r.json', )),
    Case('a report over a file of others', textseg,
         tool(CHECK, 'data', *FAST, '--json', 'data/split.json'),
         'split.json is there already and is no report of this tool', 2),
    Case('a report over a picture', scut,
         tool(CHECK, 'data', *FAST, '--json', 'data/train/image/0.png'),
         '0.png is there already', 2),
    Case('a report in a file', made(scut, text('r', '')),
         tool(CHECK, 'data', *FAST, '--json', 'r/r.json'), 'r'),
    Case(
        'a report without room',
        scut,
        tool(CHECK, 'data', *FAST, '--json', 'r.json'),
        'r.json: not written: File too large',
        during=no_room),
    Case('an empty folder', folder_at('data'), tool(CHECK, 'data'),
         'data holds no data set of a known layout', 2),
    Case('a folder that is not there', nothing, tool(CHECK, 'data'),
         'data does not exist', 2),
    Case('no process', scut, tool(CHECK, 'data', '--workers', 0),
         'num_workers must be at least 1, got 0', 2),
    Case('half a process', scut, tool(CHECK, 'data', '--workers', 0.5),
         'invalid int value', 2),
    Case('a distance of 65', scut,
         tool(CHECK, 'data', '--workers', 1, '--max-distance', 65),
         'from 0 to 64 bits', 2),
    Case('an option of no data set', scut,
         tool(CHECK, 'data', *FAST, '--cfg-options', 'color=red'),
         r"no option \['color'\]", 2),
    Case(
        'a picture in training and test',
        made(
            scut,
            picture('data/test/image/0.png',
                    np.kron(noise(0, (6, 8)), np.ones((4, 4, 1)))),
            picture('data/train/image/0.png',
                    np.kron(noise(0, (6, 8)), np.ones((4, 4, 1))))),
        tool(CHECK, 'data', '--workers', 1), '1 near-duplicate'),
]

BROWSES = [
    Case(
        'sheets',
        config,
        browse(),
        'sheets/train_text_removal_1.png: 1',
        0,
        leaves=('sheets', IGNORED_SHEET)),
    Case('sheets over a picture of others',
         made(config, picture(IGNORED_SHEET, noise())), browse(),
         'train_text_removal_1.png is there already and is no sheet'),
    Case('sheets over a text of others',
         made(config, text(IGNORED_SHEET, 'mine')), browse(), 'is no sheet'),
    Case(
        'sheets without room',
        config,
        browse(),
        'sheets/train_text_removal_1.png: not written: File too large',
        during=lambda: no_room(20000),
        leaves=('sheets', )),
    Case('sheets into a file', made(config, text('sheets', '')), browse(),
         'sheets is a file', 2),
    Case('sheets into a file of a file', made(config, text('x', '')),
         tool(BROWSE, 'c.py', '--num', 1, '--out-dir', 'x/y'),
         'x/y: Not a directory', 2),
    Case('sheets without data', made(config, moved('data', 'elsewhere')),
         browse(), 'missing folder.*data/train/image'),
    Case(
        'sheets of a damaged picture',
        made(config, cut('data/train/image/0.png'),
             cut('data/train/image/1.png')), browse(), 'cannot be loaded'),
    Case(
        'sheets of a TGA named .png',
        made(
            config,
            *(content(f'data/train/image/{i}.png', bytes(99))
              for i in (0, 1))), browse(), 'cannot be loaded'),
    Case('a size of one number', changed('(32, 32)', '128'), browse(),
         'two integers of at least 1, got 128', 2),
    Case('an unknown transform', changed('PairedResize', 'Resizing'), browse(),
         'Resizing', 2),
    Case('sheets without a pipeline',
         changed("dict(type='PackImageToImageInputs')", ''), browse(),
         "batch has no 'inputs'", 2),
    Case('an unknown task', config, browse('--tasks', 'deblurring'),
         r"got \['deblurring'\]", 2),
    Case('no sample', config, tool(BROWSE, 'c.py', '--num', 0), 'at least 1',
         2),
    Case('a split that is not there', config, browse('--split', 'val'),
         'has no val_dataloader', 2),
    Case('a height of -1', config, browse('--height', -1), 'height', 2),
]

SMALL = ('--num-train', 1, '--num-val', 0, '--num-test', 1, '--size', 32, 32,
         '--presets', 'simple', '--tasks', 'tampered_text_detection')
OUT = 'out/TamperedTextDetection/Tampered-IC13'
WRITTEN = ('out', 'out/TamperedTextDetection', OUT, f'{OUT}/*')


def synthetic(folder: Path) -> None:
    """A data set that the tool has made."""
    save(folder / OUT / 'train_img/img_1.jpg', noise())
    save(folder / OUT / 'test_img/img_1.jpg', noise())
    for split in 'train', 'test':
        text(f'{OUT}/{split}_gt/img_1.txt', '')(folder)
    text(f'{OUT}/synthetic.json', '{"train": 1, "test": 1}')(folder)


def synthesize(*args: object):
    return tool(SYNTHESIZE, 'out', *SMALL, *args)


SYNTHESES = [
    Case(
        'synthetic data', nothing, synthesize(), 'Made in', 0, leaves=WRITTEN),
    Case('over data of others', content(f'{OUT}/train_img/img_1.jpg', b'x'),
         synthesize('--overwrite'), 'was not made by this tool', 2),
    Case('over synthetic data', synthetic, synthesize(), '--overwrite', 2),
    Case(
        'over synthetic data, asked for',
        synthetic,
        synthesize('--overwrite'),
        'Made in',
        0,
        changes=(f'{OUT}/*', )),
    Case('over synthetic data with notes of others',
         made(synthetic, text(f'{OUT}/notes.txt', 'mine')),
         synthesize('--overwrite'),
         'holds 1 file.s. that this tool has not made, as notes.txt', 2),
    Case('over synthetic data with pictures of others',
         made(synthetic, picture(f'{OUT}/train_img/img_2.jpg', noise())),
         synthesize('--overwrite'), 'not made, as train_img/img_2.jpg', 2),
    Case('over a record that is half-written',
         made(synthetic, text(f'{OUT}/synthetic.json', '{"tra')),
         synthesize('--overwrite'), 'that this tool has not made', 2),
    Case(
        'beside other files',
        text('out/mine.txt', 'mine'),
        synthesize(),
        'Made in',
        0,
        leaves=WRITTEN),
    Case(
        'into an empty folder',
        folder_at(OUT),
        synthesize(),
        'Made in',
        0,
        leaves=WRITTEN),
    Case('into a file', text('out', ''), synthesize(),
         'out is a file; name a folder', 2),
    Case('into a file of a file', text('x', ''),
         tool(SYNTHESIZE, 'x/out', *SMALL), 'x', 2),
    Case(
        'without room',
        nothing,
        synthesize(),
        'out: not written: File too large',
        during=no_room),
    Case(
        'over synthetic data, without room',
        synthetic,
        synthesize('--overwrite'),
        'out: not written: File too large',
        during=no_room),
    *(Case(f'{option} {" ".join(map(str, values))}', nothing,
           synthesize(option, *values), says, 2)
      for option, values, says in (
          ('--num-train', (0, ), 'num_train must be at least 1, got 0'),
          ('--num-test', (-1, ), 'num.test'), ('--size', (5, 5), 'size'),
          ('--size', (32, ), 'expected 2'), ('--size', (10**9, 32), 'size'),
          ('--seed', (-1, ), 'seed'),
          ('--workers', (0, ), 'num_workers must be at least 1'),
          ('--tasks', ('deblurring', ), 'tasks must be one or more of'),
          ('--presets', ('old', ), 'invalid choice'),
          ('--fonts', ('nowhere', ), 'nowhere'), ('--backgrounds',
                                                  ('nowhere', ), 'nowhere'))),
    Case('a folder of fonts without any', text('fonts/x.ttf', 'no font'),
         synthesize('--fonts', 'fonts'), 'x.ttf. cannot be read as a font', 2),
    Case('a background that is none', text('photos/x.jpg', 'no picture'),
         synthesize('--backgrounds', 'photos'), 'x.jpg', 2),
    Case('sheets of synthetic data into a file', text('x', ''),
         tool(SHEETS, 'x', '--num', 1), 'x is a file', 2),
    Case('no sheet of synthetic data', nothing, tool(SHEETS, 'x', '--num', 0),
         '--num must be at least 1', 2),
    Case('sheets of synthetic data without fonts', nothing,
         tool(SHEETS, 'x', '--num', 1, '--fonts', 'nowhere'), 'nowhere', 2),
]


def asset_folder(folder: Path) -> None:
    """Replace what was taken from a package."""
    assets = AssetFolder(folder / 'out', 'fonts.csv', ['file', 'package'])
    assets.prepare()
    with assets.replaced('fonts-x', {}) as (new, rows):
        (new / 'b.ttf').write_text('b')
        rows.append(dict(file='b.ttf'))


def assets(folder: Path) -> None:
    """What was taken from a package before."""
    text('out/fonts-x/a.ttf', 'a')(folder)
    text('out/fonts-x/package.json', '{}')(folder)
    text('out/fonts-x/fonts.csv', 'file,package\nfonts-x/a.ttf,x\n')(folder)


ASSETS = [
    Case(
        'fonts again',
        assets,
        asset_folder,
        changes=('out/fonts-x/*', ),
        leaves=('out/*', )),
    Case(
        'fonts over a folder of others',
        text('out/fonts-x/a.ttf', 'a'),
        asset_folder,
        'was not made by this tool',
        raises=FileExistsError),
    Case(
        'fonts over fonts of others',
        made(assets, text('out/fonts-x/mine.ttf', 'mine')),
        asset_folder,
        'not made, as mine.ttf',
        raises=FileExistsError),
    Case(
        'fonts without room',
        assets,
        asset_folder,
        'too large',
        raises=OSError,
        during=lambda: no_room(0)),
]


@pytest.mark.parametrize('case', params(BOTH + CHECKS + BROWSES))
def test_looking(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(SYNTHESES))
def test_synthesis(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(ASSETS))
def test_assets(case, hostile):
    hostile(case)


@pytest.mark.slow
def test_pipes_do_not_hang_another_process(tmp_path):
    """In the one above, a thread that waits could go unseen."""
    made(scut, fifo('data/train/image/0.png'), fifo('data/test/mask/0.png'))(
        tmp_path)
    done = subprocess.run(
        [sys.executable, ROOT / CHECK, 'data', '--workers', '2'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    assert done.stdout.count('.png') >= 2
