"""What a config may set, and what is said of it."""
from __future__ import annotations
import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from harness import Case, params
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS, MODELS
from tiny_run import tiny_cfg

from upocr_mm.engine.config_check import check_config

NAN, INF = math.nan, math.inf
PIXEL = 'model.losses.text_segmentation.pixel'
FEATURE = 'model.losses.text_removal.feature'
PALETTE = 'model.codecs.tampered_text_detection.palette'
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def build(folder: Path, changes: dict[str, Any]) -> str:
    """What `upocr train` checks and builds first."""
    cfg = tiny_cfg(Path('unused/a/b'), Path('unused'))
    cfg.model.losses.text_removal.feature = dict(
        type='VGGFeatureLoss', weights='random')
    cfg.merge_from_dict(changes)
    check_config(cfg)
    with DefaultScope.overwrite_default_scope('mmseg'):
        MODELS.build(cfg.model)
    return 'built'


# Field, value, and what is said of it.
REFUSED = [
    (f'{PIXEL}.weights', (-1, 2, 3), f'{PIXEL}: weights must be .* got -1'),
    (f'{PIXEL}.weights', (1, NAN, 3), f'{PIXEL}: weights must be .* got nan'),
    (f'{PIXEL}.weights', (1, INF, 3), f'{PIXEL}: weights must be .* got inf'),
    (f'{PIXEL}.weights', ('5', 6, 10), f"{PIXEL}: weights must .* got '5'"),
    (f'{PIXEL}.outside_weights', (1, -2, 3), f'{PIXEL}: outside_weights must'),
    (f'{PIXEL}.outside_weights', (1, 2), f'{PIXEL}: outside_weights must'),
    (f'{PIXEL}.beta', NAN, f'{PIXEL}: beta must be finite'),
    (f'{PIXEL}.distance', 'l3', f'{PIXEL}: distance must be'),
    (f'{FEATURE}.style_weight', -1, f'{FEATURE}: style_weight must be'),
    (f'{FEATURE}.style_weight', INF, f'{FEATURE}: style_weight must be'),
    (f'{FEATURE}.perceptual_weight', NAN, f'{FEATURE}: perceptual_weight'),
    (f'{FEATURE}.weights', 'no.pth', f'{FEATURE}: weights of VGGFeatureLoss'),
    (PALETTE, [RED, GREEN, RED], 'colors of palette must differ'),
    (PALETTE, [RED, RED, RED], 'colors of palette must differ'),
    (PALETTE, [RED], 'at least two RGB colors'),
    (PALETTE, [], 'at least two RGB colors'),
    (PALETTE, [RED, (0, 256, 0)], 'values 0..255'),
    (PALETTE, [RED, (0, -1, 0)], 'values 0..255'),
    (PALETTE, [RED, (0, NAN, 0)], 'values 0..255'),
    (PALETTE, [RED, (0, 255)], 'RGB colors'),
    (PALETTE, [RED, (0, 9, 0)], 'the same sum of squares'),
    ('model.codecs.text_segmentation.threshold', NAN, 'threshold must lie'),
    ('model.codecs.text_segmentation.threshold', 2, 'threshold must lie'),
    ('model.backbone.drop_path_rate', 1., r'drop_path_rate .* \[0, 1\)'),
    ('model.backbone.drop_path_rate', -.1, r'drop_path_rate .* \[0, 1\)'),
    ('model.decode_head.drop_path_rate', NAN, r'drop_path_rate .* \[0, 1\)'),
    ('model.decode_head.drop_path_rate', '0.1', 'drop_path_rate must lie in'),
    ('model.backbone.window_size', 0, 'model.backbone: window_size must be'),
    ('model.backbone.window_size', -8, 'model.backbone: window_size must be'),
    ('model.backbone.window_size', [8, 8, 0, 8], 'backbone: window_size must'),
    ('model.decode_head.window_size', 0, 'decode_head: window_size must be'),
    ('model.decode_head.window_size', 7.5, 'decode_head: window_size must be'),
    ('model.decode_head.pretrained_window_size', -1, 'pretrained_window_size'),
    ('model.decode_head.pretrained_window_size', 1, 'must be 0 .* or at leas'),
    ('model.backbone.pretrained_window_sizes', [8, 8, 1, 8], 'must be 0 .* o'),
    ('model.backbone.arch.embed_dims', 0, 'model.backbone: arch.embed_dims'),
    ('model.backbone.arch.depths', [1, 0, 1, 1], 'backbone: arch.depths must'),
    ('model.backbone.arch.num_heads', [0, 1, 1, 1], 'backbone: arch.num_head'),
    ('model.backbone.arch.num_heads', [1, 1, 5, 2], 'must divide the 32 chan'),
    ('model.decode_head.arch.num_heads', [2, 3, 1, 1, 1], 'must divide the'),
    ('model.backbone.arch.depths', [1, 1, 1], 'backbone: arch must be one of'),
    ('model.backbone.arch', 'huuge', 'model.backbone: arch must be one of'),
    ('model.decode_head.arch.embed_dims', -64, 'decode_head: arch.embed_dims'),
    ('model.decode_head.arch.embed_dims', 96, 'a multiple of 64'),
    ('model.decode_head.in_channels', [1, 2], 'must name the channels of'),
    ('model.task_prompt.init_std', -1, 'task_prompt.init_std must be finite'),
    ('model.task_prompt.init_std', NAN, 'task_prompt.init_std must be finite'),
    ('model.task_prompt.tasks', [], 'must name at least one task'),
    ('model.task_prompt.positions', ['front'], 'task_prompt.positions may'),
    ('model.test_cfg', dict(dtype='int4'), 'model.test_cfg.dtype must be one'),
    ('model.pretrained', 'x.pth', 'model.pretrained is not used'),
    ('model.trainable', ['nothing'], "trainable names 'nothing'"),
    ('model.codecs.text_removal', None, 'codecs has no entry'),
    ('train_cfg.val_interval', 0, 'train_cfg.val_interval must be an integer'),
    ('train_cfg.val_interval', -1, 'train_cfg.val_interval must be an'),
    ('train_cfg.max_iters', 0, 'train_cfg.max_iters must be an integer of'),
    ('train_dataloader.batch_size', 0, 'train_dataloader.batch_size must be'),
    ('train_dataloader.num_workers', -1, 'train_dataloader.num_workers must'),
    ('test_dataloader.persistent_workers', True, 'needs test_dataloader.num_'),
    ('train_datloader', dict(batch_size=4), 'did you mean train_dataloader'),
    ('optim_wraper', dict(clip_grad=None), 'did you mean optim_wrapper'),
    ('default_hook', dict(timer=None), 'did you mean default_hooks'),
    ('resum', True, 'did you mean resume'),
    ('modle', dict(type='UPOCR'), 'did you mean model'),
    ('optim_wrapper.clip_grads', None, 'did you mean clip_grad'),
    ('train_dataloader.batchsize', 3, 'did you mean batch_size'),
    ('model.backbone.drop_path_rat', .1, 'did you mean drop_path_rate'),
]  # yapf: disable
ACCEPTED = [
    ('nothing', None),
    ('my_own_field', dict(a=1)),
    ('train_pipeline', []),
    (f'{PIXEL}.weights', (0, 0, 1)),
    ('model.backbone.drop_path_rate', .99),
    ('model.decode_head.window_size', 1),
    ('model.decode_head.pretrained_window_size', 0),
    (PALETTE, [RED, GREEN, BLUE]),
    ('load_from', 'not/there.pth'),
]
CASES = [
    Case(f'{field} = {value}', lambda folder: None,
         partial(build, changes={field: value}), says, raises=ValueError)
    for field, value, says in REFUSED
] + [
    Case(f'{field} = {value}', lambda folder: None,
         partial(build, changes={field: value}), 'built')
    for field, value in ACCEPTED
]  # yapf: disable


@pytest.mark.parametrize('case', params(CASES))
def test_configs(case: Case, hostile) -> None:
    hostile(case)


def dataset(folder: Path, **changes: Any) -> None:
    with DefaultScope.overwrite_default_scope('mmseg'):
        DATASETS.build(dict(dict(type='MultiTaskDataset'), **changes))


@pytest.mark.parametrize('case', params([
    Case('datasets a list', lambda folder: None,
         partial(dataset, datasets=[]), 'datasets must be a dict of task',
         raises=TypeError),
    Case('datasets all off', lambda folder: None,
         partial(dataset, datasets=dict(text_removal=None)),
         'the data set of one task at least', raises=ValueError),
]))  # yapf: disable
def test_data_sets(case: Case, hostile) -> None:
    hostile(case)
