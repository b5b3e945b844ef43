"""The tables of ``tools/analysis``."""
from __future__ import annotations
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANALYSIS = ROOT / 'tools' / 'analysis'


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ANALYSIS))


def test_complexity_of_the_papers_model() -> None:
    """Known: 254 GFLOPs, 102 of them in the encoder; 108.2 M parameters."""
    from complexity import measure
    config = 'upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py'
    found = measure(ROOT / 'configs' / config, (512, 512))
    assert found.flops / 1e9 == pytest.approx(254, abs=0.5)
    assert found.encoder_flops / 1e9 == pytest.approx(102, abs=0.5)
    assert found.parameters / 1e6 == pytest.approx(108.2, abs=0.05)
    assert found.prompts == 2304


def write_scores(folder: Path, time: str, scores: dict) -> None:
    (folder / time / 'vis_data').mkdir(parents=True)
    (folder / time / f'{time}.json').write_text(json.dumps(scores))
    (folder / time / 'vis_data' / 'scalars.json').write_text('')


def test_score_table(tmp_path: Path) -> None:
    write_scores(tmp_path / 'a', '20260101_000000', {'x/IoU': 1.})
    write_scores(tmp_path / 'a', '20260102_000000', {
        'x/IoU': 12.345,
        'time': 3.
    })
    write_scores(tmp_path / 'b', '20250101_000000', {'y/F': 50})
    done = subprocess.run([
        sys.executable, ANALYSIS / 'score_table.py', tmp_path / 'a',
        f'second={tmp_path / "b"}', '--metrics', 'x/IoU', 'y/F'
    ],
                          stdout=subprocess.PIPE,
                          text=True,
                          check=True)
    assert done.stdout.splitlines() == [
        '| model  | x/IoU | y/F   |', '| ------ | ----- | ----- |',
        '| a      | 12.35 |       |', '| second |       | 50.00 |'
    ]


def test_unknown_score(tmp_path: Path) -> None:
    write_scores(tmp_path, '20260101_000000', {'x/IoU': 1.})
    done = subprocess.run(
        [sys.executable, ANALYSIS / 'score_table.py', tmp_path, '--metrics',
         'IoU'],
        stderr=subprocess.PIPE,
        text=True)  # yapf: disable
    assert done.returncode == 2
    assert "no test has the scores ['IoU'], but ['x/IoU']" in done.stderr


def test_no_scores(tmp_path: Path) -> None:
    from score_table import read_scores
    with pytest.raises(FileNotFoundError, match=f'{tmp_path} holds no scores'):
        read_scores(tmp_path)
