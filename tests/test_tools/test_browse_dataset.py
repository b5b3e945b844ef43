from __future__ import annotations
import os
import runpy
import shutil
import sys
from pathlib import Path

import cv2
import pytest
from tiny_run import tiny_cfg

TOOL = Path(__file__).parents[2] / 'tools' / 'browse_dataset.py'


@pytest.fixture(scope='module')
def config_text(tmp_path_factory, drawn_data) -> str:
    folder = tmp_path_factory.mktemp('browse')
    tiny_cfg(folder, drawn_data).dump(folder / 'tiny.py')
    return (folder / 'tiny.py').read_text()


@pytest.fixture
def data(tmp_path, drawn_data) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(drawn_data, tmp_path / 'data'))


@pytest.fixture
def call(tmp_path, config_text, data, drawn_data, monkeypatch, capsys):
    """Call the tool; exit code, output and error output."""
    config = tmp_path / 'tiny.py'
    config.write_text(config_text.replace(str(drawn_data), str(data)))
    monkeypatch.chdir(tmp_path)

    def run(*args, config=config):
        words = [str(word) for word in (TOOL, config, *args)]
        monkeypatch.setattr(sys, 'argv', words)
        with pytest.raises(SystemExit) as info:
            runpy.run_path(str(TOOL), run_name='__main__')
        code = info.value.code
        output = capsys.readouterr()
        if isinstance(code, str):  # as the interpreter does
            return 1, output.out, code
        return code, output.out, output.err

    return run


def test_sheets(call, tmp_path):
    code, printed, _ = call('--num', 18, '--height', 32, '--out-dir', 'out')
    assert code == 0
    lines = [line for line in printed.splitlines() if '.png' in line]
    names = [
        f'train_{task}_{i}.png' for task in  # sorted in the dumped config
        ('tampered_text_detection', 'text_removal', 'text_segmentation')
        for i in (1, 2)
    ]
    assert [line.split(':')[0] for line in lines
            ] == [os.path.join('out', name) for name in names]
    assert lines[3].endswith(': 2 samples of text_removal (train)')
    assert sorted(p.name for p in Path('out').iterdir()) == sorted(names)
    big, small = (cv2.imread(f'out/{name}') for name in names[:2])
    assert big.shape[0] == 8 * small.shape[0]
    assert small.shape == (32 + 20, 2 * (3 * 32 + 8) + 12, 3)
    # segmentation: targets in the middle of each panel are black and white
    target = cv2.imread(f'out/{names[5]}')[20:52, 36:68]
    assert target.min() == 0 and target.max() == 255
    # tampered text in red and background in blue, as the codec has them
    target = cv2.imread(f'out/{names[1]}')[20:52, 36:68].reshape(-1, 3)
    assert (target == (255, 0, 0)).all(1).any()  # BGR


def test_seed_and_tasks(call):

    def sheet(*args):
        code, printed, _ = call('--num', 2, '--tasks', 'text_removal',
                                '--height', 32, *args)
        file = Path('work_dirs/tiny/browse/train_text_removal_1.png')
        assert code == 0 and printed.count('.png') == 1
        return file.read_bytes()

    assert sheet() == sheet('--seed', 0) != sheet('--seed', 1)
    assert sheet() != sheet('--cfg-options', 'randomness.seed=1')


@pytest.mark.parametrize('split', ['val', 'test'])
def test_held_out(call, split):
    code, printed, _ = call('--split', split, '--num', 9)
    assert code == 0
    assert f'3 samples of text_segmentation ({split})' in printed


def test_damaged_picture(call, data):
    root = data / 'TextRemoval/SCUT-EnsText/test/image'
    (root / 'img_2.jpg').write_bytes(b'')
    code, printed, errors = call('--split', 'test', '--num', 3)
    assert code == 1
    assert f'{root}/img_2.jpg cannot be loaded: ' in errors
    assert '2 samples of text_removal' in printed
    assert '3 samples of tampered_text_detection' in printed


def test_missing_data(call, data):
    shutil.rmtree(data / 'TextRemoval')
    code, _, errors = call()
    assert code == 1 and 'missing folder' in errors
    code, printed, _ = call('--tasks', 'text_segmentation', '--num', 1)
    assert code == 0 and '1 samples of text_segmentation' in printed


def test_wrong_usage(call, tmp_path):
    (tmp_path / 'file').write_text('')
    for args, message in [
        (('--out-dir', tmp_path / 'file'), 'file is a file'),
        (('--tasks', 'deblurring'), "got ['deblurring']"),
        (('--num', 0), 'at least 1'),
        (('--split', 'all'), 'invalid choice'),
        (('--cfg-options', 'val_dataloader=None', '--split', 'val'),
         'has no val_dataloader'),
    ]:
        code, _, errors = call(*args)
        assert code == 2 and message in errors, args
    code, _, errors = call(config=tmp_path / 'none.py')
    assert code == 2 and 'none.py' in errors
