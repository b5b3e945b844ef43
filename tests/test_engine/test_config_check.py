from __future__ import annotations
from pathlib import Path

import pytest
from mmengine.config import Config

import upocr_mm  # noqa: F401  (registers what configs name)
from upocr_mm.engine.config_check import check_config

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(
    path for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and path.stem not in (
        'document_binarization', 'draw_pages', 'all_scores'))
NANO = CONFIGS / 'upocr' / 'upocr_swinv2-n_1xb6-600_synthetic-128x128.py'


def load(path: Path = NANO) -> Config:
    return Config.fromfile(path, import_custom_modules=False)


@pytest.mark.parametrize('path', FILES, ids=[path.stem for path in FILES])
def test_no_false_alarms(path: Path) -> None:
    check_config(load(path))


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
    ('train_cfg.max_iters', -5, 'an integer of at least 1, but got -5'),
    ('train_cfg.max_iters', 1.5, 'an integer of at least 1, but got 1.5'),
    ('train_dataloader.batch_size', 0, 'an integer of at least 1, but got 0'),
    ('test_dataloader.num_workers', -1, 'an integer of at least 0, but got'),
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
