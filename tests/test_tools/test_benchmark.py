"""``tools/analysis/benchmark.py``: what is compared, and how it is counted."""
from __future__ import annotations
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from upocr_mm.models import UPOCR

ROOT = Path(__file__).parents[2]
ANALYSIS = ROOT / 'tools' / 'analysis'
NANO = ROOT / 'configs' / 'upocr' / (
    'upocr_swinv2-n_1xb6-600_drawn-128x128.py')
DATASETS = 'train_dataloader.dataset.datasets'
TASKS = ['text_removal', 'tampered_text_detection', 'text_segmentation']


@pytest.fixture(autouse=True)
def tools(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ANALYSIS))


@pytest.fixture
def tiny() -> ConfigDict:
    """A model with shifted windows in encoder and decoder."""
    init_default_scope('mmseg')
    cfg = Config.fromfile(NANO, import_custom_modules=False).model
    cfg.backbone.arch = dict(
        embed_dims=8,
        depths=[1, 1, 2, 1],
        num_heads=[1, 1, 2, 2],
        extra_norm_every_n_blocks=0)
    cfg.decode_head.arch = dict(
        embed_dims=64, depths=[1, 2, 1, 1, 1], num_heads=[2, 2, 1, 1, 1])
    cfg.backbone.window_size = 4
    cfg.decode_head.window_size = 4
    return cfg


def build_both(cfg: ConfigDict) -> list[UPOCR]:
    """Our model and the plain path with the same random weights.

    In double precision: norms of two channels magnify what float32 rounds
    away.
    """
    from benchmarking.plain_model import build_model
    torch.manual_seed(0)
    weights = {
        name: parameter + 0.1 * torch.randn_like(parameter)
        for name, parameter in build_model(cfg).named_parameters()
    }
    return [build_model(cfg, weights, flag).double() for flag in (False, True)]


def test_plain_model_equals_ours(tiny: ConfigDict) -> None:
    """Outputs of every size, losses and gradients."""
    from benchmarking.steps import draw_samples
    tiny.backbone.drop_path_rate = tiny.decode_head.drop_path_rate = 0.5
    ours, plain = build_both(tiny)
    count = sum(p.numel() for p in ours.parameters())
    assert count == sum(p.numel() for p in plain.parameters())
    assert type(plain.backbone).__name__ == 'PlainSwinTransformerV2'
    assert type(plain.decode_head).__name__ == 'PlainPatchSplitHead'
    inputs = torch.rand(3, 3, 64, 96, dtype=torch.double)
    samples = draw_samples(inputs, TASKS)
    losses = []
    for model in ours, plain:
        model.train()
        total, _ = model.parse_losses(model.loss(inputs, samples))
        total.backward()
        losses.append(total.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    gradients = {k: p.grad for k, p in ours.named_parameters()}
    for name, parameter in plain.named_parameters():
        scale = parameter.grad.abs().max()
        assert torch.allclose(
            gradients[name], parameter.grad, atol=1e-3 * scale + 1e-6), name
    ours.eval()
    plain.eval()
    with torch.no_grad():
        for a, b in zip(
                ours.encode_decode(inputs, TASKS),
                plain.encode_decode(inputs, TASKS)):
            assert torch.allclose(a, b, atol=1e-4)


def test_draw_equals_one_pass_for_each_task(tiny: ConfigDict) -> None:
    """Also of sizes that are padded."""
    from benchmarking.plain_model import draw_plain
    ours, plain = (model.eval() for model in build_both(tiny))
    inputs = torch.rand(2, 3, 40, 56, dtype=torch.double)
    with torch.no_grad():
        expected = draw_plain(plain, inputs, TASKS[::-1])
        found = ours.draw(inputs, TASKS[::-1])
    assert len(found) == len(expected) == 3
    for a, b in zip(found, expected):
        assert a.shape == (2, 3, 40, 56)
        assert torch.allclose(a, b, atol=1e-4)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_full_size_only(tiny: ConfigDict) -> None:
    from benchmarking.plain_model import build_model
    model = build_model(tiny, plain=True).eval()
    feats = model.extract_feat(torch.rand(1, 3, 32, 32))
    images = model.decode_head(feats)
    last, = model.decode_head(feats, full_size_only=True)
    assert [image.shape[-1] for image in images] == [8, 16, 32]
    assert torch.equal(last, images[-1])


def test_parameters_must_match(tiny: ConfigDict) -> None:
    from benchmarking.plain_model import build_model
    model = build_model(tiny)
    weights = dict(model.named_parameters())
    with pytest.raises(ValueError, match="only the weights have .*'extra'"):
        build_model(tiny, dict(weights, extra=torch.zeros(1)), plain=True)
    del weights['projection.bias']
    with pytest.raises(ValueError, match='only the model has .*projection'):
        build_model(tiny, weights, plain=True)


def test_no_plain_equivalent(tiny: ConfigDict) -> None:
    from benchmarking.plain_model import build_model
    tiny.backbone.type = 'Other'
    with pytest.raises(ValueError, match="model.backbone.type .* 'Other'"):
        build_model(tiny, plain=True)


def test_summary_by_hand() -> None:
    from benchmarking.report import add_time_per_pixel, format_table, summarise
    rows = [
        summarise(
            dict(
                group='inference',
                tasks=('a', 'b'),
                batch_size=1,
                size=size,
                variant='fp32',
                images=2,
                seconds=seconds,
                reference_seconds=[6., 6., 10.]))
        for size, seconds in ((256, [3., 2., 2.]), (512, [10., 8., 4.]))
    ]
    add_time_per_pixel(rows)
    assert rows[0]['median_seconds'] == 2 and rows[0]['ratio'] == 3
    assert (rows[0]['ratio_min'], rows[0]['ratio_max']) == (2, 5)
    assert rows[0]['images_per_second'] == 1
    # a quarter of the pixels in a quarter of the time
    assert [row['time_per_pixel'] for row in rows] == [1, 1]
    table = format_table(rows).splitlines()
    assert len({len(line) for line in table}) == 1
    assert '| 2.00-5.00 |' in table[2]
    assert 'data' not in table[0]  # an empty column


def test_failed_row_in_the_table() -> None:
    from benchmarking.report import format_table
    row = dict(
        group='inference',
        tasks=('a', ),
        batch_size=1,
        size=64,
        variant='compiled',
        error='RuntimeError: no compiler\nTraceback ...')
    assert 'failed: RuntimeError: no compiler ' in format_table([row])


def test_errors_come_from_the_process() -> None:
    from benchmarking.processes import WorkerError, call
    with pytest.raises(WorkerError, match='died with exit code 3'):
        call(os._exit, 3)
    with pytest.raises(WorkerError, match="^ValueError: .*'x'\nTraceback"):
        call(int, 'x')


def run(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ANALYSIS / 'benchmark.py', *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True)


def test_whole_run(tmp_path: Path) -> None:
    done = run('inference', 'training', 'data', '--config', NANO, '--out',
               tmp_path / 'out', '--sizes', 64, '--train-sizes', 64,
               '--tasks', 3, '--variants', 'fp32', '--repeats', 1,
               '--warmup', 0, '--turn-seconds', 0, '--images', 1,
               '--workers', 0, '--threads', 1, '--device', 'cpu',
               '--cfg-options', f'{DATASETS}.text_segmentation=None',
               f'{DATASETS}.tampered_text_detection=None')  # yapf: disable
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / 'out' / 'benchmark.json').read_text())
    assert {
        'cpu', 'cores', 'torch', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain'
    } <= set(report['machine'])
    assert report['machine']['threads'] == 1
    assert report['config'] == str(NANO)
    assert 0 <= report['outputs']['max_difference'] < 1e-3
    assert report['outputs']['psnr_bfloat16'] > 20
    rows = report['rows']
    names = [(row['group'], row['variant'], row['images']) for row in rows]
    assert names == [('inference', 'plain fp32', 3), ('inference', 'fp32', 3),
                     ('training', 'plain fp32', 3), ('training', 'fp32', 3),
                     ('data', '0 workers', 1)]
    assert rows[4]['tasks'] == ['text_removal']
    for row in rows:
        assert len(row['seconds']) == 1
        assert row['images_per_second'] == pytest.approx(row['images'] /
                                                         row['seconds'][0])
    for row in rows[:4]:
        pairs = zip(row['reference_seconds'], row['seconds'])
        assert row['ratio'] == pytest.approx(median(a / b for a, b in pairs))
        assert row['memory_mib'] > 0
    page = (tmp_path / 'out' / 'benchmark.md').read_text()
    table = [line for line in page.splitlines() if line.startswith('|')]
    assert '| training  | 3 tasks, batch 3, 64' in table[-2]
    assert table[-1] in done.stdout
    assert '`seconds`: median time of a step' in page
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'benchmark.json', 'benchmark.md', 'benchmark.png'
    ]


def test_memory_only(tmp_path: Path) -> None:
    done = run('inference', '--config', NANO, '--out', tmp_path, '--sizes', 64,
               '--tasks', 1, '--variants', 'fp32', '--warmup', 0,
               '--memory-only', '--threads', 1, '--device', 'cpu')
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / 'benchmark.json').read_text())
    for row, name in zip(report['rows'], ('plain fp32', 'fp32')):
        assert row['variant'] == name and 'seconds' not in row
        assert row['memory_mib'] > 0


def test_check_outputs_only(tmp_path: Path) -> None:
    done = run('--config', NANO, '--out', tmp_path, '--sizes', 64, '--threads',
               1, '--device', 'cpu', '--check-outputs')
    assert done.returncode == 0, done.stdout + done.stderr
    assert not json.loads((tmp_path / 'benchmark.json').read_text())['rows']
    page = (tmp_path / 'benchmark.md').read_text()
    assert 'largest difference of the outputs' in page and '|' not in page


BASELINE = ROOT / 'configs' / 'baselines' / (
    'unet-s5-d16_fcn_2xb8-80k_textseg-512x512.py')


@pytest.mark.parametrize('arguments, message', [
    (['speed', '--config', NANO],
     "GROUP must be of inference, training, data, loop, got 'speed'"),
    (['--config', 'no.py'], '--config no.py does not exist'),
    (['--config', BASELINE], "its model.type is not 'UPOCR'"),
    (['--config', NANO, '--cfg-options', 'model.test_cfg.dtype=bfloat16'],
     'model.test_cfg must not be set: --variants choose precision'),
    (['--config', NANO, '--variants', 'fast'],
     '--variants must be of fp32, compiled, bf16, fp32 checkpointed, bf16 '
     "checkpointed, got 'fast'"),
    (['inference', '--config', NANO, '--variants', 'fp32 checkpointed'],
     '--variants must be of fp32, compiled, bf16, got'),
    (['data', '--config', NANO, '--variants', 'fp32'],
     "--variants are of the groups inference and training, but got only "
     "['data']"),
    (['--config', NANO, '--tasks', '4'], '--tasks must be from 1 to 3'),
    (['loop', '--config', NANO, '--train-batch', '4'],
     '--train-batch must be a multiple of the number of tasks, 3'),
    (['--config', NANO, '--checkpoint', 'no.pth'],
     '--checkpoint no.pth does not exist'),
    (['--config', NANO, '--out', NANO], 'must be a folder'),
    (['--config', NANO, '--device', 'tpu'],
     "--device must be cpu, cuda or cuda:N, got 'tpu'"),
    (['--config', NANO, '--sizes', '16'],
     "must be an integer of at least 32, got '16'"),
    (['--config', NANO, '--turn-seconds', 'nan'],
     'must be a number of at least 0'),
])  # yapf: disable
def test_bad_arguments(arguments: list, message: str, monkeypatch,
                       capsys) -> None:
    from benchmarking.arguments import parse_args
    monkeypatch.setattr(sys, 'argv', ['benchmark.py', *map(str, arguments)])
    with pytest.raises(SystemExit) as error:
        parse_args('')
    assert error.value.code == 2
    assert message in ' '.join(capsys.readouterr().err.split())
