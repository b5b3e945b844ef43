"""``tools/analysis/benchmark.py``: what is compared, and how it is counted."""
from __future__ import annotations
import json
import os
import subprocess
import sys
import threading
import time
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
ANALYSIS = ROOT / 'tools' / 'analysis'
NANO = next((ROOT / 'configs' / 'upocr').glob('upocr_swinv2-n_*_synthetic-*'))
BASELINE = next((ROOT / 'configs' / 'baselines').glob('unet-*_textseg-*.py'))
DATASETS = 'train_dataloader.dataset.datasets'


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ANALYSIS))


def test_plain_path_is_eager_and_equal(tmp_path: Path) -> None:
    """Every task in a pass of its own gives what one encoder pass gives."""
    from benchmarking.cases import PLAIN, Case
    from benchmarking.steps import build_model, prepare, write_weights
    from mmpretrain.models.utils import ShiftWindowMSA
    args = Namespace(
        config_file=NANO,
        checkpoint=None,
        weights=tmp_path / 'init.pth',
        device='cpu',
        threads=1)
    write_weights(args)
    models = [build_model(args, variant) for variant in (PLAIN, 'fp32')]
    eager = [
        any(isinstance(module, ShiftWindowMSA) for module in part.modules())
        for model in models for part in (model.backbone, model.decode_head)
    ]
    assert eager == [True, True, False, False]
    case = Case('inference', models[0].tasks[:2], 2, 64)
    expected, found = (torch.stack(list(prepare(args, case, v)()))
                       for v in (PLAIN, 'fp32'))  # yapf: disable
    assert found.shape == (2, 2, 3, 64, 64)
    assert torch.allclose(expected, found, atol=1e-4)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_summary_by_hand() -> None:
    from benchmarking.report import compare_outputs, format_table, summarize
    row = dict(
        group='inference',
        case='2 tasks',
        variant='fp32',
        images=2,
        plain_turns=[6., 6., 10.])
    summarize(row, [3., 2., 2.])
    assert row['median_seconds'] == 2 and row['images_per_second'] == 1
    assert row['plain_seconds'] == 6 and row['ratio'] == 3
    assert row['ratio_range'] == '2.00-5.00'
    zeros = np.zeros((1, 3, 2, 2))
    row.update(compare_outputs([zeros, zeros], [zeros + 0.1, zeros - 0.1]))
    assert row['max_difference'] == pytest.approx(0.1)
    assert row['psnr'] == pytest.approx(20)
    # a loss, relative to its size
    assert compare_outputs([np.array(8.)],
                           [np.array(6.)]) == dict(max_difference=0.25)
    failed = dict(
        row, variant='fp16', error='RuntimeError: no compiler\nTraceback')
    table = format_table([row, failed]).splitlines()
    cells = [cell.strip() for cell in table[2].split('|')]
    assert cells[3:-1] == ['fp32', '6', '2', '1.00', '3.00', '2.00-5.00',
                           '20.0']  # yapf: disable
    assert '| fp16: RuntimeError: no compiler |' in table[3]
    assert 'data' not in table[0]  # an empty column


def test_errors_come_from_the_process() -> None:
    from benchmarking.processes import NotInstalled, WorkerError, call
    with pytest.raises(WorkerError, match='the process died'):
        call(os._exit, 3)
    with pytest.raises(WorkerError, match="^ValueError: .*'x'\nTraceback"):
        call(int, 'x')
    with pytest.raises(NotInstalled, match="^No module named 'no_module'$"):
        call(__import__, 'no_module')


def test_a_process_hands_over_when_its_threads_are_idle() -> None:
    from benchmarking.processes import _wait_for_idle_threads
    end = time.monotonic() + 0.5

    def spin() -> None:
        while time.monotonic() < end:
            pass

    thread = threading.Thread(target=spin)
    thread.start()
    _wait_for_idle_threads()
    assert not thread.is_alive()


def run(out: Path, *arguments: str) -> tuple[list[dict], str]:
    """The rows of a run, and what it printed."""
    done = subprocess.run([
        sys.executable, ANALYSIS / 'benchmark.py', '--config', NANO,
        '--sizes', '64', '--tasks', '2', '--repeats', '1', '--threads', '1',
        '--device', 'cpu', '--out', out, *arguments
    ], capture_output=True, text=True)  # yapf: disable
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((out / 'benchmark.json').read_text())['rows']
    for row in rows:
        if 'plain_turns' in row:
            pairs = zip(row['plain_turns'], row['seconds'])
            assert row['ratio'] == median(a / b for a, b in pairs)
            assert row['max_difference'] < 1e-3
    return rows, done.stdout


def test_whole_run(tmp_path: Path) -> None:
    rows, printed = run(
        tmp_path, 'inference', 'training', 'data', '--variants', 'fp32',
        '--images', '1', '--workers', '0', '--cfg-options',
        f'{DATASETS}.text_segmentation=None',
        f'{DATASETS}.tampered_text_detection=None')  # yapf: disable
    assert [(row['group'], row['variant'], row['images']) for row in rows] == [
        ('inference', 'plain fp32', 2), ('inference', 'fp32', 2),
        ('training', 'plain fp32', 3), ('training', 'fp32', 3),
        ('data', '0 workers', 1)
    ]  # yapf: disable
    assert all(len(row['seconds']) == 1 for row in rows)
    assert all(row['memory_mib'] > 0 for row in rows[:4])
    page = (tmp_path / 'benchmark.md').read_text()
    table = [line for line in page.splitlines() if line.startswith('|')]
    assert len(table) == 2 + len(rows) and table[-1] in printed
    assert '- bfloat16 GFLOP/s: ' in page and '- threads: 1\n' in page
    assert len(list(tmp_path.iterdir())) == 2


def test_deploy(tmp_path: Path) -> None:
    exported = tmp_path / 'exported'
    rows, _ = run(tmp_path, 'deploy', '--variants', 'openvino fp32',
                  '--export-dir', str(exported))  # yapf: disable
    if not find_spec('openvino') or not find_spec('onnx'):
        row, = rows
        assert 'pip install' in row['skipped']
        return
    assert [row['variant'] for row in rows] == ['plain fp32', 'openvino fp32']
    assert rows[1]['psnr'] > 80
    assert [file.suffix for file in exported.iterdir()] == ['.onnx']


@pytest.mark.parametrize('arguments, message', [
    (['speed'], "GROUP must be of inference, deploy, training, data, loop, "
                "got 'speed'"),
    (['--config', 'no.py'], 'no.py'),
    (['--config', BASELINE], "its model.type is not 'UPOCR'"),
    (['inference', '--variants', 'fp32 checkpointed'],
     '--variants must be of fp32, fp32 compiled, bf16, got'),
    (['--tasks', '4'], '--tasks must be from 1 to 3'),
    (['loop', '--train-batch', '4'],
     '--train-batch must be a multiple of 3, the number of tasks'),
    (['--checkpoint', 'no.pth'], '--checkpoint no.pth is no file'),
    (['--out', NANO], 'File exists'),
    (['--sizes', '16'], "must be an integer of at least 32, got '16'"),
])  # yapf: disable
def test_bad_arguments(arguments: list, message: str, monkeypatch,
                       capsys) -> None:
    from benchmark import parse_args
    monkeypatch.setattr(sys, 'argv', [
        'benchmark.py', '--config',
        str(NANO), '--device', 'cpu', *map(str, arguments)
    ])
    with pytest.raises(SystemExit) as error:
        parse_args()
    assert error.value.code == 2
    assert message in ' '.join(capsys.readouterr().err.split())


def test_folder_against_bare_model(monkeypatch, capsys) -> None:
    """Prints one row of times a round, and their quotient."""
    import benchmark_folder
    monkeypatch.setenv('UPOCR_CACHE', '')  # restored after the test
    monkeypatch.setattr(sys, 'argv', [
        'benchmark_folder.py',
        str(NANO), '--size', '32', '--pictures', '2', '--rounds', '2',
        '--backend', 'torch'
    ])
    benchmark_folder.main()
    title, _, *rows = capsys.readouterr().out.splitlines()[-4:]
    assert '2 pictures of 32x32' in title
    for row in rows:
        alone, together, ratio = map(float, row.split())
        assert alone > 0 and together > 0
        assert ratio == pytest.approx(together / alone, rel=0.5)
    monkeypatch.setattr(sys, 'argv',
                        ['benchmark_folder.py', 'c.py', '--pictures', '1'])
    with pytest.raises(SystemExit):
        benchmark_folder.main()
