"""The drawn data sets, and the whole training loop on them."""
from __future__ import annotations
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Sequence

from mmengine.config import Config

from upocr_mm.datasets.synthesis import draw_dataset
from .steps import Settings, load_config

# Height and width of files as the data sets have them: SCUT-EnsText was made
# at 512x512, the others are photographs.
FILE_SIZES = dict(
    text_removal=(512, 512),
    text_segmentation=(1000, 1500),
    tampered_text_detection=(960, 1280))
NEVER = 10**9


def draw_files(folder: Path, tasks: Sequence[str],
               images: int) -> dict[str, str]:
    """Draw data sets of realistic files.

    Args:
        folder: Where to.
        tasks: Names of tasks of :data:`FILE_SIZES`.
        images: Training images of each.

    Returns:
        Root folder of the data set of each task.
    """
    roots = {}
    for task in tasks:
        roots.update(
            draw_dataset(
                folder,
                num_train=images,
                num_test=1,
                num_val=0,
                size=FILE_SIZES[task],
                tasks=[task]))
    return {task: str(root) for task, root in roots.items()}


def run_loop(settings: Settings, work_dir: Path, batch_size: int, workers: int,
             warmup: int, iterations: int) -> dict[str, list[float]]:
    """Train by ``mim train`` and read the times that mmengine logs.

    Args:
        settings: The same for all cases.
        work_dir: Where the training writes.
        batch_size: Samples of a batch.
        workers: Processes that load data.
        warmup: First iterations that are not counted.
        iterations: Iterations that are.

    Returns:
        Of each iteration the ``seconds``, and the ``data_seconds`` of them
        that were spent waiting for data.

    Raises:
        RuntimeError: The training failed.
    """
    work_dir.mkdir(parents=True)
    cfg = _loop_config(settings, batch_size, workers, warmup + iterations)
    cfg.dump(work_dir / 'config.py')
    environment = dict(os.environ)
    if settings.threads:
        environment['OMP_NUM_THREADS'] = str(settings.threads)
    if settings.device == 'cpu':
        environment['CUDA_VISIBLE_DEVICES'] = ''
    done = subprocess.run([
        sys.executable, '-m', 'mim', 'train', 'mmsegmentation',
        work_dir / 'config.py', '--work-dir', work_dir / 'run'
    ],
                          env=environment,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True,
                          errors='replace')
    logs = sorted((work_dir / 'run').glob('*/vis_data/scalars.json'))
    # mim returns 0 even when the training failed.
    if done.returncode or not logs:
        raise RuntimeError('`mim train` failed:\n' +
                           '\n'.join(done.stdout.splitlines()[-25:]))
    lines = [json.loads(line) for line in logs[-1].read_text().splitlines()]
    lines = [line for line in lines if 'data_time' in line][warmup:]
    if len(lines) < iterations:
        raise RuntimeError(f'`mim train` logged {len(lines)} iterations '
                           f'instead of {iterations}:\n' +
                           '\n'.join(done.stdout.splitlines()[-25:]))
    return dict(
        seconds=[line['time'] for line in lines],
        data_seconds=[line['data_time'] for line in lines])


def _loop_config(settings: Settings, batch_size: int, workers: int,
                 iterations: int) -> Config:
    """The stock loop: every iteration logged, no validation, nothing kept."""
    cfg = load_config(settings)
    loader = cfg.train_dataloader
    loader.update(
        batch_size=batch_size,
        num_workers=workers,
        persistent_workers=workers > 0)
    cfg.train_cfg.update(max_iters=iterations, val_interval=NEVER)
    for name in 'val', 'test':
        cfg[f'{name}_cfg'] = cfg[f'{name}_dataloader'] = None
        cfg[f'{name}_evaluator'] = None
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', by_epoch=False, interval=NEVER, save_last=False)
    # else each line would be a mean over ten iterations
    cfg.log_processor.window_size = 1
    cfg.load_from, cfg.resume = None, False
    if settings.device == 'cpu':
        cfg.optim_wrapper.type = 'OptimWrapper'  # AmpOptimWrapper refuses CPUs
        cfg.optim_wrapper.pop('dtype', None)
        cfg.optim_wrapper.pop('loss_scale', None)
    return cfg
