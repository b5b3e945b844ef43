from __future__ import annotations
from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmseg.registry import OPTIMIZERS

import upocr_mm  # noqa: F401  (registers what configs name)
from upocr_mm.engine.config_check import check_config

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(
    path for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and path.stem not in (
        'document_binarization', 'draw_pages', 'all_scores'))
NANO = CONFIGS / 'upocr' / 'upocr_swinv2-n_1xb6-600_synthetic-128x128.py'


def load(path: Path = NANO, modules: bool = False) -> Config:
    return Config.fromfile(path, import_custom_modules=modules)


@pytest.mark.parametrize('path', FILES, ids=[path.stem for path in FILES])
def test_no_false_alarms(path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(CONFIGS.parent))
    check_config(load(path, modules=True))


@pytest.mark.parametrize('name', [
    'upernet/upernet_swin-t_4xb2', 'segformer/segformer_mit-b0_8xb1-160k',
    'deeplabv3plus/deeplabv3plus_r50-d8_4xb2-80k_cityscapes-512x1024',
    'bisenetv1/bisenetv1_r18', 'knet/knet-s3_r50-d8_fcn', 'unet/unet-s5-d16'
])
def test_no_false_alarms_of_mmseg(name: str) -> None:
    folder, stem = name.split('/')
    root = Path(mmseg.__file__).parent / '.mim' / 'configs' / folder
    for path in sorted(root.glob(f'{stem}*.py'))[:2]:
        check_config(load(path))


class OwnOptimizer(torch.optim.SGD):
    """Of a user: only mmengine knows what it takes."""


def test_what_users_write_is_legal() -> None:
    """Classes in place of names, names of other packages, mmengine's own."""
    if 'OwnOptimizer' not in OPTIMIZERS:
        OPTIMIZERS.register_module(module=OwnOptimizer)
    cfg = load()
    cfg.optim_wrapper = dict(
        type=OptimWrapper,
        accumulative_counts=2,
        clip_grad=dict(type='value', clip_value=1.),
        optimizer=dict(type='OwnOptimizer', lr=0.1, anything=2))
    cfg.param_scheduler = [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=5),
        dict(
            type='CosineAnnealingLR',
            T_max=3,
            eta_min=1e-6,
            by_epoch=True,
            convert_to_iter_based=True)
    ]
    cfg.custom_hooks = [
        dict(type='EMAHook', ema_type='StochasticWeightAverage'),
        dict(type='EarlyStoppingHook', monitor='mIoU', priority='LOW')
    ]
    cfg.train_dataloader.collate_fn = dict(type='pseudo_collate')
    cfg.train_dataloader.dataset.pipeline.insert(
        0, dict(type='Albu', transforms=[dict(type='HorizontalFlip')]))
    cfg.model.backbone = dict(type='mmpretrain.SomeBackbone', whatever=1)
    cfg.model.decode_head = dict(type='Elsewhere', _scope_='elsewhere')
    cfg.visualizer.vis_backends.append(dict(type=lambda **kwargs: None))
    check_config(cfg)


@pytest.mark.parametrize('field, meant', [
    ('train_datloader', 'train_dataloader'),
    ('optim_wraper', 'optim_wrapper'),
    ('default_hook', 'default_hooks'),
    ('param_schedulers', 'param_scheduler'),
    ('val_evalutor', 'val_evaluator'),
    ('modle', 'model'),
    ('lod_from', 'load_from'),
    ('resme', 'resume'),
    ('tta_modle', 'tta_model'),
])
def test_misspelled_fields(field: str, meant: str) -> None:
    cfg = load()
    cfg[field] = dict(batch_size=4)
    with pytest.raises(ValueError) as error:
        check_config(cfg)
    assert str(error.value) == (f'{field} of the config is read by nobody; '
                                f'did you mean {meant}?')


@pytest.mark.parametrize('field, meant', [
    ('train_dataloader.batchsize', 'batch_size'),
    ('train_dataloader.persistent_worker', 'persistent_workers'),
    ('train_dataloader.dataset.piplines', 'pipeline'),
    ('train_dataloader.dataset.datasets.text_removal.data_rot', 'data_root'),
    ('optim_wrapper.optimzer', 'optimizer'),
    ('optim_wrapper.clip_grads', 'clip_grad'),
    ('optim_wrapper.optimizer.weight_deca', 'weight_decay'),
    ('model.backbone.window_sise', 'window_size'),
    ('model.losses.text_removal.pixel.weigths', 'weights'),
    ('model.codecs.text_segmentation.treshold', 'threshold'),
    ('default_hooks.checkpoint.intervall', 'interval'),
    ('train_cfg.max_iter', 'max_iters'),
    ('param_scheduler.0.warmup_period', 'warmup_periods'),
    ('test_evaluator.metric', 'metrics'),
    ('train_dataloader.dataset.pipeline.0.sizes', 'size'),
])
def test_misspelled_keys(field: str, meant: str) -> None:
    cfg = load()
    cfg.merge_from_dict({field: 1})
    with pytest.raises(ValueError) as error:
        check_config(cfg)
    assert str(error.value) == (f'{field} of the config is not known; did you '
                                f'mean {meant}?')


def test_variables_are_legal() -> None:
    """Whatever their names, if their values stand somewhere else."""
    cfg = load()
    cfg.train_loader = cfg.train_dataloader
    cfg.work_dirs = 'data'
    cfg.train_pipeline = cfg.val_pipeline = []
    cfg.my_own = 3
    check_config(cfg)


@pytest.mark.parametrize('field, value, text', [
    ('train_cfg.val_interval', 0, 'an integer of at least 1, but got 0'),
    ('train_cfg.max_iters', -5, 'an integer of at least 1 .*, but got -5'),
    ('train_cfg.max_iters', 1.5, 'an integer of at least 1 .*, but got 1.5'),
    ('train_dataloader.batch_size', 0, 'an integer of at least 1, but got 0'),
    ('test_dataloader.num_workers', -1, 'an integer from 0 to 1024, but got'),
    ('val_dataloader.batch_size', '2', "an integer of at least 1, but got '2"),
])
def test_numbers(field: str, value, text: str) -> None:
    cfg = load()
    cfg.merge_from_dict({field: value})
    with pytest.raises(ValueError, match=f'^{field} must be {text}'):
        check_config(cfg)


def test_persistent_workers() -> None:
    cfg = load()
    cfg.test_dataloader.num_workers = 0
    with pytest.raises(
            ValueError,
            match='test_dataloader.persistent_workers '
            'needs test_dataloader.num_workers of at least 1'):
        check_config(cfg)
