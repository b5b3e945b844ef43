"""Trainings of seconds of SegMIM's stages and ViTEraser, for tests."""
from __future__ import annotations
from pathlib import Path

from mmengine.config import Config
from tiny_run import CONFIGS, PAIRED_RESIZE

FILES = dict(
    segmim='segmim/segmim_swinv2-n_1xb8-1k_synthetic-128x128.py',
    encoder='segmim/segmim-encoder_swinv2-n_1xb8-400_synthetic-128x128.py',
    viteraser='viteraser/viteraser_swinv2-n_1xb6-800_synthetic-128x128.py')
ENCODER = dict(
    embed_dims=8,
    depths=[1, 1, 1, 2],
    num_heads=[1, 1, 2, 2],
    extra_norm_every_n_blocks=0)
DECODER = dict(
    embed_dims=64, depths=[1, 2, 1, 1, 1], num_heads=[2, 2, 1, 1, 1])


def pretraining_cfg(stage: str,
                    work_dir: Path,
                    data: Path,
                    iters: int = 4) -> Config:
    """A nano configuration, smaller in every respect.

    Args:
        stage: One of :data:`FILES`.
        work_dir: Where the run writes.
        data: Folder of the synthetic data sets (of ``synthesize_dataset``),
            which all stages read.
        iters: Length of the training.
    """
    cfg = Config.fromfile(CONFIGS / FILES[stage], import_custom_modules=False)
    cfg.model.backbone.update(arch=ENCODER, window_size=8, drop_path_rate=0.)
    cfg.model.decode_head.update(arch=DECODER, drop_path_rate=0.)
    if stage == 'viteraser':
        cfg.model.discriminator.channels = (8, 8, 8)
    cfg.train_dataloader.update(
        batch_size=2, num_workers=0, persistent_workers=False)
    root = str(data / 'TextRemoval' / 'SCUT-EnsText')
    cfg.train_dataloader.dataset.datasets = dict(
        text_removal=dict(
            type='SCUTEnsTextDataset',
            data_root=root,
            split='train',
            pipeline=[
                dict(
                    type='LoadImageFromFile',
                    color_type='color_ignore_orientation'),
                dict(type='LoadTargets'),
                dict(type='PairedRandomFlip', prob=0.5)
            ]))
    loaders = [cfg.train_dataloader]
    for name in 'val_dataloader', 'test_dataloader':
        if name in cfg:
            cfg[name].update(num_workers=0, persistent_workers=False)
            cfg[name].dataset.datasets.text_removal.data_root = root
            loaders.append(cfg[name])
    for loader in loaders:
        loader.dataset.pipeline = [
            PAIRED_RESIZE if step.type == 'PairedResize' else step
            for step in loader.dataset.pipeline
        ]
    cfg.train_cfg.max_iters = iters
    if stage == 'viteraser':
        cfg.train_cfg.val_interval = iters
        cfg.param_scheduler[0].update(period=1, end=iters, warmup_periods=1)
    else:
        cfg.param_scheduler = [
            dict(type='LinearLR', start_factor=0.5, end=3, by_epoch=False)
        ]
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    cfg.vis_backends = cfg.visualizer.vis_backends = [
        dict(type='LocalVisBackend')
    ]
    cfg.visualizer.pop('name', None)
    cfg.load_from = None
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = '_'.join(work_dir.parts[-3:])
    return cfg
