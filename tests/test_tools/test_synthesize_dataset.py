import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools' / 'synthesize_dataset.py'


def call(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
    runpy.run_path(str(TOOL), run_name='__main__')


def test_writes_and_says_what_and_where(tmp_path, monkeypatch, capsys):
    call(monkeypatch, tmp_path, '--num-train', 2, '--num-val', 1, '--num-test',
         1, '--size', 48, 64, '--seed', 3, '--tasks', 'text_segmentation')
    root = tmp_path / 'TextSegmentation' / 'TextSeg'
    assert len(list((root / 'image').iterdir())) == 4
    assert [p.name for p in tmp_path.iterdir()] == ['TextSegmentation']
    printed = capsys.readouterr().out
    assert '2 train, 1 val, 1 test images of 48x64' in printed
    assert str(root) in printed


def test_errors_are_one_line_and_a_bad_exit(tmp_path, monkeypatch, capsys):
    for args, word in ((('--size', 5, 5), 'size'),
                       (('--fonts', tmp_path / 'nowhere'), 'nowhere')):
        with pytest.raises(SystemExit) as info:
            call(monkeypatch, tmp_path, *args)
        assert info.value.code == 2
        line, = capsys.readouterr().err.splitlines()
        assert word in line


def test_a_stop_by_the_system_leaves_nothing(tmp_path):
    out = tmp_path / 'out'
    process = subprocess.Popen(
        [sys.executable, TOOL, out, '--num-train', '9999', '--workers', '2'],
        stderr=subprocess.PIPE,
        text=True)
    # Files are written once a picture is in the temporary folder.
    end = time.monotonic() + 120
    while not any(out.glob('.upocr_mm-*/new/*/*/*/*.jpg')):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.communicate()[1] == 'synthesize_dataset.py: interrupted\n'
    assert process.returncode == 143 and not out.exists()
