"""The commands of users: ``mim train`` and ``mim test``."""
from __future__ import annotations
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pretraining_run import pretraining_cfg
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import load_tensors

ROOT = Path(__file__).parent.parent


def mim(*arguments: str | Path) -> str:
    """Run mim in a process of its own; return what it printed."""
    program = Path(sys.executable).parent / 'mim'
    path = os.pathsep.join(
        filter(None, (str(ROOT), os.environ.get('PYTHONPATH'))))
    result = subprocess.run([str(word) for word in (program, *arguments)],
                            env=dict(
                                os.environ,
                                PYTHONPATH=path,
                                OMP_NUM_THREADS='1'),
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT,
                            text=True)
    assert result.returncode == 0, result.stdout[-5000:]
    return result.stdout


@pytest.fixture(scope='module')
def config(tmp_path_factory, drawn_data: Path) -> Path:
    """File of the tiny configuration."""
    folder = tmp_path_factory.mktemp('mim')
    cfg = tiny_cfg(folder, drawn_data, iters=2)
    cfg.pop('work_dir')
    file = folder / 'tiny.py'
    cfg.dump(file)
    return file


@pytest.fixture(scope='module')
def trained(config: Path) -> Path:
    """Work dir of a training of two iterations."""
    work_dir = config.parent / 'train'
    mim('train', 'mmsegmentation', config, '--work-dir', work_dir)
    return work_dir


def scores(work_dir: Path) -> dict[str, float]:
    """Scores of the latest test in a work dir."""
    files = work_dir.glob('*/*.json')
    return json.loads(max(files, key=os.path.getmtime).read_text())


def without_times(found: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in found.items() if '/' in k}


def validation_scores(work_dir: Path) -> dict[str, float]:
    """Scores of the last validation of the latest training."""
    file = max(work_dir.glob('*/vis_data/scalars.json'), key=os.path.getmtime)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return without_times([r for r in rows if 'text_removal/PSNR' in r][-1])


def test_train_then_test(config: Path, trained: Path) -> None:
    """A test of the checkpoint gives the numbers of the validation."""
    assert (trained / 'iter_2.pth').is_file()
    work_dir = config.parent / 'test'
    output = mim('test', 'mmsegmentation', config, '--checkpoint',
                 trained / 'iter_2.pth', '--work-dir', work_dir, '--show-dir',
                 work_dir / 'pictures')
    found = without_times(scores(work_dir))
    for name in ('text_removal/PSNR', 'text_removal/PSNR_text',
                 'text_segmentation/fgIoU', 'tampered_text_detection/mIoU'):
        assert name in found and name in output
    assert found == pytest.approx(validation_scores(trained), rel=1e-6)
    sheets = list(work_dir.glob('*/sheet.png'))
    assert len(sheets) == 1
    pictures = list((work_dir / 'pictures').rglob('*.png'))
    assert len(pictures) == 9  # three samples of three tasks


def test_cfg_options_and_resume(config: Path, trained: Path) -> None:
    output = mim('train', 'mmsegmentation', config, '--work-dir', trained,
                 '--resume', '--cfg-options', 'train_cfg.max_iters=3',
                 'param_scheduler.0.end=3',
                 'train_dataloader.dataset.datasets.text_segmentation=None',
                 'train_dataloader.batch_size=2')
    assert 'resumed epoch: 0, iter: 2' in output
    assert (trained / 'iter_3.pth').is_file()
    rows = [
        json.loads(line)
        for file in sorted(trained.glob('*/vis_data/scalars.json'))
        for line in file.read_text().splitlines()
    ]
    assert not any('text_segmentation/loss_pixel' in row for row in rows[-1:])


TWO_PROCESSES = ('--launcher', 'pytorch', '--gpus', '2')


def test_test_with_two_processes(config: Path, trained: Path) -> None:
    """The same numbers, though three images do not divide by two."""
    found = {}
    for name, options in (('one', ()), ('two', TWO_PROCESSES)):
        work_dir = config.parent / f'test_{name}'
        mim('test', 'mmsegmentation', config, '--checkpoint',
            trained / 'iter_2.pth', '--work-dir', work_dir, '--out',
            work_dir / 'out', *options)
        pictures = [f.parent.name for f in work_dir.rglob('out/*/*.png')]
        assert {pictures.count(task) for task in pictures} == {3}
        assert len(pictures) == 9
        found[name] = without_times(scores(work_dir))
    assert len(found['one']) > 20
    assert found['two'] == pytest.approx(found['one'], rel=1e-9)


def flat_weights(checkpoint: Path) -> torch.Tensor:
    """All weights of a checkpoint."""
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    return torch.cat([value.flatten() for value in state.values()])


def test_train_with_two_processes(config: Path) -> None:
    """Two processes learn in one step what one learns from two batches.

    Text segmentation is left out: its loss is a mean over the pixels that are
    not ignored, and the mean of two such means is another number. With SGD,
    because the first steps of AdamW have the size of the learning rate even
    where a gradient is nothing but rounding.
    """
    weights = {}
    for name, steps, options, accumulate in (('one', 2, (), 2),
                                             ('two', 1, TWO_PROCESSES, 1)):
        work_dir = config.parent / f'train_{name}'
        mim('train', 'mmsegmentation', config, '--work-dir', work_dir,
            *options, '--cfg-options',
            'train_dataloader.dataset.datasets.text_segmentation=None',
            'train_dataloader.batch_size=2', 'param_scheduler=None',
            f'optim_wrapper.accumulative_counts={accumulate}',
            'optim_wrapper.optimizer.type=SGD',
            'optim_wrapper.optimizer.lr=0.02')
        weights[name] = flat_weights(work_dir / f'iter_{steps}.pth')
    # Before its second batch the one process has changed nothing.
    start = flat_weights(config.parent / 'train_one' / 'iter_1.pth')
    step = (weights['one'] - start).norm()
    assert step == pytest.approx(0.02, rel=0.01)  # a clipped gradient
    assert (weights['two'] - weights['one']).norm() < 1e-4 * step


def test_train_viteraser_with_two_processes(tmp_path: Path,
                                            drawn_data: Path) -> None:
    """Which wraps the model in its own way."""
    file = tmp_path / 'config.py'
    pretraining_cfg('viteraser', tmp_path / 'run', drawn_data, 2).dump(file)
    mim('train', 'mmsegmentation', file, *TWO_PROCESSES)
    state = load_tensors(str(tmp_path / 'run/iter_2.pth'))
    assert set(state['optimizer']) == {'generator', 'discriminator'}
    assert any(key.startswith('discriminator.') for key in state['state_dict'])
