"""A training of seconds, for tests: a model of 0.1 M parameters, 32x32."""
from __future__ import annotations
from pathlib import Path

import numpy as np
from mmengine.config import Config

CONFIGS = Path(__file__).parent.parent / 'configs'
NANO = CONFIGS / 'upocr' / 'upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
PAIRED_RESIZE = dict(type='PairedResize', size=(32, 32))


def equal_but_for_rounding(found: np.ndarray, expected: np.ndarray) -> bool:
    """Compare pictures that the tiny model drew, uint8.

    Untrained, with norms over few channels, it jumps where these are nearly
    equal: rounding, which differs between CPUs, shows in single pixels.
    """
    difference = np.abs(found.astype(int) - expected)
    return (difference > 1).mean() < 0.01


def tiny_cfg(work_dir: Path, data: Path, iters: int = 4) -> Config:
    """The nano configuration, smaller in every respect.

    Args:
        work_dir: Where the run writes.
        data: Folder of the synthetic data sets (of ``synthesize_dataset``).
        iters: Length of the training; it validates at the end.
    """
    cfg = Config.fromfile(NANO, import_custom_modules=False)
    cfg.train_dataloader.batch_size = 3
    shrink(cfg, work_dir, data, iters)
    return cfg


def shrink(cfg: Config, work_dir: Path, data: Path, iters: int) -> None:
    """Make a nano configuration smaller in every respect.

    Args:
        cfg: The configuration, changed in place.
        work_dir: Where the run writes.
        data: Folder of the synthetic data sets.
        iters: Length of the training; it validates at the end.
    """
    # mmengine formats a config each time that it writes it: seconds, and no
    # test reads it. `fromfile` takes this argument, but loses it.
    object.__setattr__(cfg, '_format_python_code', False)
    for split in 'train', 'val', 'test':
        loader = cfg[f'{split}_dataloader']
        loader.num_workers = 0
        loader.persistent_workers = False
        dataset = loader.dataset
        dataset.pipeline = [
            PAIRED_RESIZE if step.type == 'PairedResize' else step
            for step in dataset.pipeline
        ]
        for child in filter(None, dataset.datasets.values()):
            tail = child.data_root.split('/')[-2:]
            child.data_root = str(data.joinpath(*tail))
    cfg.optim_wrapper.optimizer = dict(type='AdamW', lr=1e-3)
    # What else the nano size brings, an `arch` of numbers does not.
    cfg.model.backbone.update(
        arch=dict(
            embed_dims=8,
            depths=[1, 1, 1, 2],
            num_heads=[1, 1, 2, 2],
            extra_norm_every_n_blocks=0),
        window_size=8,
        pretrained_window_sizes=[8] * 4,
        drop_path_rate=0.)
    cfg.model.decode_head.update(
        arch=dict(
            embed_dims=64, depths=[1, 2, 1, 1, 1], num_heads=[2, 2, 1, 1, 1]),
        drop_path_rate=0.)
    cfg.train_cfg.max_iters = cfg.train_cfg.val_interval = iters
    cfg.param_scheduler[0].update(period=1, end=iters, warmup_periods=1)
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    cfg.vis_backends = cfg.visualizer.vis_backends = [
        dict(type='LocalVisBackend')
    ]
    cfg.work_dir = str(work_dir)
    # mmengine keeps loggers and visualizers by name.
    cfg.experiment_name = '_'.join(work_dir.parts[-3:])
    cfg.visualizer.pop('name')
