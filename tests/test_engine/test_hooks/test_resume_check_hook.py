from __future__ import annotations
import shutil
from pathlib import Path

from mmengine.runner import Runner
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import load_tensors
from upocr_mm.engine.hooks.resume_check_hook import differences


def train(work_dir: Path, data: Path, name: str,
          changes: dict) -> tuple[Runner, list[str]]:
    """Train or resume; the runner and what the log says of differences."""
    cfg = tiny_cfg(work_dir, data, iters=2)
    cfg.train_cfg.val_interval = 100
    cfg.default_hooks.checkpoint.interval = 2
    cfg.merge_from_dict(changes)
    cfg.experiment_name = f'{work_dir.parent.name}_{name}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    log = max(work_dir.glob('*/*.log'), key=lambda path: path.stat().st_mtime)
    return runner, [line.split('Resumed with another ')[1]
                    for line in log.read_text().splitlines()
                    if 'Resumed with another' in line]  # yapf: disable


def test_what_differs(tmp_path: Path, drawn_data: Path) -> None:
    work_dir = tmp_path / 'run'
    train(work_dir, drawn_data, 'first', {})
    run = load_tensors(str(work_dir / 'iter_2.pth'))['meta']['run']
    assert run['train_dataloader.batch_size'] == 3
    assert run['train_dataloader: samples of text_removal'] == 5

    assert train(work_dir, drawn_data, 'same', dict(resume=True))[1] == []
    log = max(work_dir.glob('*/*.log'), key=lambda path: path.stat().st_mtime)
    assert ('of iteration 2, train_cfg.max_iters is 2: nothing is left to '
            'train' in log.read_text())

    other = tmp_path / 'other'
    shutil.copytree(drawn_data / 'TextRemoval/SCUT-EnsText', other)
    datasets = 'train_dataloader.dataset.datasets'
    runner, lines = train(
        work_dir, drawn_data, 'other', {
            'resume': True,
            'train_dataloader.batch_size': 2,
            f'{datasets}.text_segmentation': None,
            f'{datasets}.text_removal.data_root': str(other),
            'optim_wrapper.optimizer.lr': 0.5,
            'param_scheduler.0.end': 4
        })
    expected = (
        ('optim_wrapper.optimizer.lr: 0.001 in the checkpoint, 0.5 in the ',
         'checkpoint'),
        ("param_scheduler: [{'type': 'PeriodicLinearLR', 'period': 1, 'end': "
         '2', 'checkpoint'),
        ('train_dataloader.batch_size: 3 in the checkpoint, 2 in the ',
         'configuration'),
        ('train_dataloader: data set text_removal: ', 'configuration'),
        ("train_dataloader: tasks: ['text_removal', 'text_segmentation', ",
         'configuration'),
    )
    assert len(lines) == len(expected)
    for line, (start, counts) in zip(lines, expected):
        assert line.startswith(start)
        assert line.endswith(f'that of the {counts} counts')
    # It is so.
    assert runner.optim_wrapper.param_groups[0]['initial_lr'] == 0.001
    assert runner.param_schedulers[0].end == 2
    assert runner.train_dataloader.batch_sampler.batch_size == 2


def test_only_what_both_know() -> None:
    """Checkpoints of other versions may hold other facts."""
    assert differences(dict(a=1, b=2), dict(b=2, c=3)) == []
    assert differences(dict(a=1), dict(a=2)) == [
        'a: 1 in the checkpoint, 2 in the configuration; that of the '
        'configuration counts'
    ]
