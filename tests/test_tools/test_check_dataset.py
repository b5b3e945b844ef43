from __future__ import annotations
import json
import runpy
import shutil
import sys
from pathlib import Path

import cv2
import pytest
from tiny_run import tiny_cfg

TOOL = Path(__file__).parents[2] / 'tools' / 'check_dataset.py'


@pytest.fixture
def data(tmp_path, drawn_data) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(drawn_data, tmp_path / 'data'))


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the tool; exit code, output and error output."""

    def run(*args):
        monkeypatch.setattr(sys, 'argv', [str(w) for w in (TOOL, *args)])
        with pytest.raises(SystemExit) as info:
            runpy.run_path(str(TOOL), run_name='__main__')
        code = info.value.code
        output = capsys.readouterr()
        if isinstance(code, str):  # as the interpreter does
            return 1, output.out, code
        return code, output.out, output.err

    return run


@pytest.mark.parametrize('workers', [1, 40])
def test_all_is_well(call, data, tmp_path, workers):
    file = tmp_path / 'new' / 'report.json'
    code, printed, _ = call(data, '--json', file, '--workers', workers)
    assert code == 0 and 'No problem found.' in printed
    report = json.loads(file.read_text())
    assert report['problems'] == report['near_duplicates'] == []
    rows = {(row['name'], row['split']): row for row in report['statistics']}
    assert len(rows) == 7
    row = rows['TextRemoval/SCUT-EnsText', 'train']
    assert row['samples'] == row['measured'] == 5
    lines = (data / 'TextRemoval/SCUT-EnsText/train/all_gts').glob('*.txt')
    assert row['regions']['total'] == sum(
        len(path.read_text().split()) for path in lines)
    shares = rows['TamperedTextDetection/Tampered-IC13', 'test']['class_share']
    assert sum(shares.values()) == pytest.approx(1)


def test_problems(call, data, tmp_path):
    root = data / 'TextRemoval/SCUT-EnsText'
    (root / 'train/image/img_2.jpg').write_bytes(b'no picture')
    (root / 'test/label/img_1.jpg').unlink()
    code, printed, _ = call(data, '--json', tmp_path / 'report.json')
    assert code == 1 and '2 problem(s), 0 near-duplicate(s).' in printed
    problems = json.loads((tmp_path / 'report.json').read_text())['problems']
    assert [(p['split'], p['data_set'])
            for p in problems] == [('train', 'TextRemoval/SCUT-EnsText'),
                                   ('test', 'TextRemoval/SCUT-EnsText')]
    assert str(root / 'train/image/img_2.jpg') in problems[0]['detail']
    assert problems[1]['kind'].startswith('image without a target')


def test_one_inverted_mask_is_named(call, data):
    path = data / 'TextRemoval/SCUT-EnsText/train/mask/img_3.png'
    mask = cv2.imread(str(path), 0)
    assert (mask == 0).mean() < 0.5
    cv2.imwrite(str(path), 255 - mask)
    code, printed, _ = call(data)
    assert code == 0 and '1 target(s) have more text than' in printed
    assert str(path) in printed


def test_near_duplicates(call, data):
    root = data / 'TextSegmentation/TextSeg'
    splits = json.loads((root / 'split.json').read_text())
    splits['test'].append(splits['train'][1])
    (root / 'split.json').write_text(json.dumps(splits))
    code, printed, _ = call(data)
    # of both splits it is told, too, that the id is named twice
    assert code == 1 and '2 problem(s), 1 near-duplicate(s).' in printed
    assert f'{splits["train"][1]}.jpg (0 of 64 bits differ)' in printed
    printed = call(data, '--no-duplicates')[1]
    assert '2 problem(s), 0 near-duplicate(s).' in printed


def test_config(call, data, tmp_path):
    config = tmp_path / 'tiny.py'
    tiny_cfg(tmp_path, data).dump(config)
    code, printed, _ = call(config)
    assert code == 0
    assert 'train | text_removal' in printed and '| val' not in printed
    assert 'Note: val: TextSegDataset is that of test' in printed
    # nor files of splits that the config does not name
    assert 'belong to no sample' not in printed
    code, printed, _ = call(
        config, '--cfg-options',
        'test_dataloader.dataset.datasets.text_removal.data_root=/nowhere')
    assert code == 1 and '/nowhere/test/image' in printed


def test_wrong_usage(call, data, tmp_path):
    (tmp_path / 'empty').mkdir()
    for args, message in [
        ((tmp_path / 'none.py', ), 'none.py'),
        ((tmp_path / 'empty', ), 'no data set of a known layout'),
        ((data, '--workers', 0), 'num_workers must be at least 1'),
        ((data, '--max-distance', 65), 'from 0 to 64'),
        ((data, '--json', tmp_path), 'is a folder'),
        ((data, '--cfg-options', 'color=red'), "no option ['color']"),
        ((), 'CONFIG_OR_FOLDER'),
    ]:
        code, _, errors = call(*args)
        assert code == 2 and message in errors, args


def test_json_that_cannot_be_written(call, data, tmp_path):
    (tmp_path / 'file').write_text('')
    code, printed, errors = call(data, '--json', tmp_path / 'file' / 'x.json')
    assert code == 1 and 'x.json: not written: ' in errors
    assert 'No problem found.' in printed
