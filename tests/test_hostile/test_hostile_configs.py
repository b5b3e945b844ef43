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
TRAIN, OPTIMIZER = 'train_dataloader', 'optim_wrapper.optimizer'
CLIP, SCHEDULER = 'optim_wrapper.clip_grad', 'param_scheduler'
METRICS, HOOKS = 'val_evaluator.metrics', 'default_hooks'
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
    ('model.decode_head.drop_path_rate', '0.1', "_rate must .* '0.1'"),
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
    # Names that no registry has
    (f'{OPTIMIZER}.type', 'AdamWW', "type .* is 'AdamWW', .* mean AdamW?"),
    ('optim_wrapper.type', 'AmpOptim', 'did you mean AmpOptimWrapper'),
    ('optim_wrapper.constructor', 'LayerDecay', 'constructor .* near to it'),
    (SCHEDULER, [dict(type='Poly')], 'param_scheduler.0.type .* PolyLR'),
    (f'{METRICS}.text_removal.type', 'PSNRR',
     "metrics.text_removal.type of the config is 'PSNRR', .*near to it: Text"),
    ('test_evaluator.type', 'MultiTaskEvaluato', 'mean MultiTaskEvaluator'),
    ('model.backbone.type', 'SwinTransform', 'did you mean SwinTransformer'),
    ('model.codecs.text_removal.type', 'ImageCodek', 'did you mean ImageCode'),
    (f'{PIXEL}.type', 'L1', 'pixel.type .* near to it'),
    (f'{TRAIN}.dataset.type', 'MultiTaskDatase', 'mean MultiTaskDataset'),
    (f'{TRAIN}.dataset.pipeline.0.type', 'PairedResise', 'an PairedResize'),
    (f'{TRAIN}.sampler.type', 'InfinitSampler', 'did you mean InfiniteSam'),
    (f'{HOOKS}.checkpoint.type', 'CheckpointHok', 'did you mean CheckpointH'),
    ('custom_hooks', [dict(type='EMAHook', ema_type='Averag')], 'ema_type of'),
    ('visualizer.vis_backends', [dict(type='Local')], ': LocalVisBackend'),
    ('train_cfg.type', 'IterBasedLoop', 'did you mean IterBasedTrainLoop'),
    ('default_scope', 'mmsegg', 'did you mean mmseg'),
    # What is not taken, or missing
    ('model.data_preprocessor.std', [0, 0, 0],
     'model.data_preprocessor.std of the config is not known; ImageToImage'),
    ('model.extra', 1, 'model.extra of the config is not known; UPOCR takes'),
    (f'{OPTIMIZER}.extra', 1, 'optim_wrapper.optimizer: .*unexpected keyword'),
    (OPTIMIZER, dict(_delete_=True, lr=1), 'optimizer of the config lacks ty'),
    (f'{TRAIN}.extra', 1, 'train_dataloader.extra of the config is not known'),
    (f'{TRAIN}.dataset.datasets.text_removal.extra', 1, 'l.extra of the'),
    (f'{TRAIN}.dataset.pipeline', [dict(type='PairedResize')], 'lacks size'),
    (f'{CLIP}.norm', 1, 'optim_wrapper.clip_grad.norm of the config is not'),
    ('randomness.sed', 1, 'did you mean seed'),
    ('log_processor.extra', 1, 'extra of the config is not known; LogProc'),
    ('custom_hooks', [dict(type='EarlyStoppingHook')], 'lacks monitor'),
    ('env_cfg.cudnn_benchmarks', True, 'did you mean cudnn_benchmark'),
    ('env_cfg.extra', 1, 'env_cfg.extra of the config is not known; env_cfg'),
    ('env_cfg.mp_cfg.opencv_num_thread', 0, 'mean opencv_num_threads'),
    ('env_cfg.mp_cfg.extra', 0, 'env_cfg.mp_cfg.extra of the config is not'),
    ('env_cfg.dist_cfg', dict(backnd='gloo'), 'did you mean backend'),
    ('model_wrapper_cfg', dict(type='MMDistributedDataParallel', extra=1),
     'model_wrapper_cfg.extra of the config is not known'),
    ('model_wrapper_cfg', dict(type='SameStartWrap'), 'SameStartWrapper'),
    (PIXEL, dict(_delete_=True, weights=(5, 6, 10)), f'{PIXEL} .*lacks type'),
    ('model.codecs.text_removal', dict(_delete_=True), 'removal .*lacks type'),
    ('model.losses.text_removal.extra', dict(
        type='CrossEntropyLoss', loss_weight=NAN),
     'extra.loss_weight must be a finite number of at least 0, but got nan'),
    (f'{TRAIN}.dataset', dict(_delete_=True, type='PairedFolderDataset',
                              data_root='x', task='t'),
     'train_dataloader.dataset of the config lacks pipeline'),
    (f'{HOOKS}.checkpoint.filename_tmpl', 'i{}.safetensors',
     'filename_tmpl .* not end in .safetensors, .*: a training saves more'),
    # Not what it must be
    ('optim_wrapper', 3, 'optim_wrapper must be a dict, but got 3'),
    (OPTIMIZER, 'AdamW', "optim_wrapper.optimizer must be a dict, .*'AdamW'"),
    (CLIP, 1.0, 'optim_wrapper.clip_grad must be a dict, but got 1.0'),
    (SCHEDULER, 'PolyLR', 'param_scheduler must be a dict'),
    (f'{HOOKS}.logger', 5, 'default_hooks.logger must be a dict, but got 5'),
    ('load_from', 3, 'load_from must be text or None, but got 3'),
    ('resume', 'last', "resume must be True or False, but got 'last'"),
    ('log_level', 'LOUD', "log_level must be one of .*, but got 'LOUD'"),
    ('env_cfg.mp_cfg.mp_start_method', 'foo', 'start_method must be one of'),
    # Of other kinds
    ('env_cfg', 3, 'env_cfg must be a dict, but got 3'),
    ('env_cfg.mp_cfg', 3, 'env_cfg.mp_cfg must be a dict, but got 3'),
    ('env_cfg.mp_cfg.opencv_num_threads', 'abc', 'threads must be an integer'),
    ('env_cfg.resource_limit', 'abc', 'resource_limit must be an integer fr'),
    ('env_cfg.resource_limit', -5, 'env_cfg.resource_limit must be an intege'),
    ('env_cfg.cudnn_benchmark', 'maybe', 'cudnn_benchmark must be True or Fa'),
    ('env_cfg.dist_cfg', 3, 'env_cfg.dist_cfg must be a dict, but got 3'),
    ('env_cfg.dist_cfg', dict(backend='foo'), 'dist_cfg.backend must be one'),
    ('env_cfg.dist_cfg', dict(timeout='abc'), 'timeout must be a number of s'),
    ('randomness.deterministic', 'maybe', 'deterministic must be True or Fal'),
    ('launcher', 'foo', 'launcher must be one of none, pytorch, slurm, mpi'),
    ('custom_imports', 3, 'custom_imports must be a dict, but got 3'),
    ('custom_imports', dict(imports=3), 'imports must be text or a list of'),
    ('model_wrapper_cfg', dict(type=None), 'model_wrapper_cfg.type must be'),
    ('model.losses', 3, 'model.losses must be a dict, but got 3'),
    ('model.losses.text_removal', 3, 'losses.text_removal must be a dict'),
    (PIXEL, 3, f'{PIXEL} must be a dict, but got 3'),
    ('model.codecs', [1], r'model.codecs must be a dict, but got \[1'),
    ('model.codecs.text_removal', 3, 'codecs.text_removal must be a dict'),
    ('model.task_prompt', 3, 'model.task_prompt must be a dict, but got 3'),
    ('model.test_cfg', 3, 'model.test_cfg must be a dict, but got 3'),
    ('model.trainable', 3, 'model.trainable must be a list of text'),
    ('model.init_cfg', 3, 'model.init_cfg must be a dict or a list of dicts'),
    ('model.backbone.with_cp', 'maybe', 'with_cp must be True or False, but'),
    (PALETTE, 3, 'palette must hold at least two RGB colors .* got 3'),
    (f'{TRAIN}.dataset.datasets', 3, 'dataset.datasets must be a dict'),
    (f'{TRAIN}.dataset.datasets.text_removal', 3, 'removal must be a dict'),
    (f'{TRAIN}.dataset.datasets.text_removal.data_root', 3, 'must be text or'),
    (f'{TRAIN}.dataset.datasets.text_removal.split', 3, 'split must be text,'),
    (f'{TRAIN}.dataset.datasets.text_removal.indices', 'a', 'an integer or a'),
    (f'{TRAIN}.dataset.pipeline', 'foo', 'pipeline must be a list of dicts'),
    (f'{TRAIN}.dataset.pipeline', [1, 2], 'pipeline must be a list of dicts'),
    (f'{TRAIN}.collate_fn', dict(type='foo'), 'collate_fn.type .* not known'),
    (f'{TRAIN}.collate_fn', dict(a=1), 'collate_fn of the config lacks type'),
    (f'{TRAIN}.pin_memory', 'maybe', 'pin_memory must be True or False'),
    (f'{TRAIN}.sampler.shuffle', 'maybe', 'shuffle must be True or False, bu'),
    (f'{TRAIN}.sampler.seed', 'x', 'sampler.seed must be an integer from 0'),
    (f'{HOOKS}', [1], r'default_hooks must be a dict, but got \[1'),
    (f'{HOOKS}.finite', None, 'finite must be a dict, but got None; only che'),
    (f'{HOOKS}.finite.interval', 'abc', "interval must be a number, .* 'abc'"),
    (f'{HOOKS}.timer.priority', 'FOO', 'timer.priority must be an integer fr'),
    (f'{HOOKS}.checkpoint.backend_args', dict(backend='foo'), 'one of local'),
    (f'{HOOKS}.checkpoint.filename_tmpl', 'x.pth', 'must have one {} for the'),
    (f'{HOOKS}.checkpoint.by_epoch', 'maybe', 'by_epoch must be True or Fals'),
    ('custom_hooks', dict(type='EMAHook'), 'custom_hooks must be a list of'),
    ('log_processor.custom_cfg', [1], 'custom_cfg must be a list of dicts'),
    (METRICS, 3, 'val_evaluator.metrics must be a dict or a list of dicts'),
    (f'{METRICS}.text_removal', [3], 'text_removal must be a dict or a list'),
    ('visualizer.vis_backends', [3], 'vis_backends must be a list of dicts'),
    (SCHEDULER, [3], 'param_scheduler must be a dict or a list of dicts'),
    (f'{OPTIMIZER}.betas', [.9], r'betas must be 2 numbers, but got \[0.9'),
    (f'{OPTIMIZER}.betas', .9, 'betas must be 2 numbers, but got 0.9'),
    (f'{OPTIMIZER}.foreach', 'maybe', 'foreach must be True or False, but'),
    ('optim_wrapper', dict(foo=1), 'optim_wrapper.foo of the config is not k'),
    ('optim_wrapper', dict(_delete_=True, type='OptimWrapper'), 'lacks optim'),
    ('optim_wrapper', dict(type='AmpOptimWrapper', dtype='i4'), 'dtype must '),
    (CLIP, dict(type='foo'), 'clip_grad.type must be one of norm, value'),
    ('train_cfg.dynamic_intervals', 3, 'must be a list of pairs of integers'),
    ('val_cfg', None, 'lacks val_cfg, which val_dataloader, val_evaluator ne'),
    ('val_evaluator', None, 'the config lacks val_evaluator, which val_datal'),
    ('train_cfg', None, 'the config lacks train_cfg, which train_dataloader'),
    (f'{TRAIN}.shuffle', True, 'shuffle cannot go with a sampler or batch_sa'),
    ('train_cfg.by_epoch', True, 'train_cfg.by_epoch cannot go with train_cf'),
    ('optim_wrapper', dict(paramwise_cfg=dict(
        _delete_=True, norm_decay_mult=0)),
     'norm_decay_mult needs optim_wrapper.optimizer.weight_decay'),
    ('runner_type', 'Foo', "runner_type must be .*Runner, but got 'Foo'"),
    ('model.type', None, 'model of the config lacks type'),
    ('env_cfg.dist_cfg', dict(timeout=1e300), 'timeout must be a number of'),
    (f'{TRAIN}.worker_init_fn', 3, 'worker_init_fn must be a dict, but go'),
    (f'{TRAIN}.worker_init_fn', dict(a=1), 'worker_init_fn .* lacks type'),
    (f'{TRAIN}.generator', 3, 'generator must be None, but got 3'),
    (f'{TRAIN}.dataset', None, 'train_dataloader.dataset must be a dict, but'),
    (f'{TRAIN}.collate_fn', None, 'collate_fn must be a dict, but got None'),
    (f'{TRAIN}.collate_fn', dict(type='PairedResize'), 'which is not known'),
    (f'{TRAIN}.dataset.type', 'SGD', "dataset.type .* is 'SGD', which is not"),
    (f'{TRAIN}.timeout', 5, 'timeout needs train_dataloader.num_workers of'),
    (f'{TRAIN}.multiprocessing_context', 'spawn', 'num_workers of at least 1'),
    (f'{TRAIN}.num_workers', 10**5, 'num_workers must be an integer from 0 t'),
    (f'{TRAIN}.sampler.shuffle', 2, 'shuffle must be True or False, but g'),
    ('val_cfg.fp16', 3, 'val_cfg.fp16 must be True or False, but got 3'),
    ('train_cfg.dynamic_intervals', [(0, 0)], 'an interval of at least 1'),
    ('train_cfg.max_iters', 2**63, 'max_iters must be an integer of at least'),
    ('env_cfg.mp_cfg.opencv_num_threads', 2**40, 'threads must be an integer'),
    ('env_cfg.resource_limit', 2**70, 'resource_limit must be an integer fro'),
    ('env_cfg.dist_cfg', dict(backend='cpu:foo'), 'dist_cfg.backend must be'),
    ('env_cfg.dist_cfg', dict(backend='undefined'), 'backend must be one of'),
    ('default_scope', 3, 'default_scope must be text or None, but got 3'),
    ('default_scope', 'foo', "is 'foo', a package that is not installed"),
    ('efficient_conv_bn_eval', 3, 'must be text or a list of text, but got 3'),
    ('strategy', 3, 'strategy must be a dict, but got 3'),
    ('custom_imports', dict(imports='a', foo=1), 'custom_imports.foo of the'),
    # Numbers
    ('randomness.seed', 'abc', "randomness.seed must be an .* got 'abc'"),
    ('randomness.seed', -5, 'randomness.seed must be an integer from 0 .* -5'),
    ('randomness.seed', 2**32, 'randomness.seed must be an integer from 0 to'),
    ('train_cfg.max_iters', 'many', "max_iters must be an integer .* 'many'"),
    ('train_cfg.max_iters', 1.5, 'max_iters must be an integer .* got 1.5'),
    ('train_cfg.max_iters', INF, 'max_iters must be an integer .* got inf'),
    (f'{TRAIN}.batch_size', 4, 'batch_size 4 cannot be divided 1:1:1'),
    (f'{TRAIN}.batch_sampler.task_ratio', dict(a=1), 'task_ratio must have'),
    (f'{TRAIN}.prefetch_factor', 0, 'prefetch_factor must be an integer of'),
    (f'{TRAIN}.prefetch_factor', 2, 'needs train_dataloader.num_workers of'),
    (f'{TRAIN}.dataset.pipeline.0.size', (-128, 128),
     r'train_dataloader.dataset.pipeline.0: size .* got \(-128, 128\)'),
    (f'{OPTIMIZER}.lr', 'fast', "optimizer.lr must be a .* got 'fast'"),
    (f'{OPTIMIZER}.lr', -1, 'optimizer.lr must be a finite number of .* -1'),
    (f'{OPTIMIZER}.lr', NAN, 'optimizer.lr must be a finite number of .* nan'),
    (f'{OPTIMIZER}.betas', (.9, 2), 'betas must be .* got .0.9, 2'),
    (f'{OPTIMIZER}.eps', -1, 'optimizer.eps must be a finite number of at le'),
    (f'{OPTIMIZER}.weight_decay', -1, 'optimizer.weight_decay must be a fini'),
    (OPTIMIZER, dict(_delete_=True, type='SGD', lr=1, momentum=-1),
     'optimizer.momentum must be a number of at least 0 and below 1'),
    (f'{CLIP}.max_norm', -1, 'clip_grad.max_norm must be a number above 0'),
    (f'{CLIP}.max_norm', 0, 'clip_grad.max_norm must be a number above 0'),
    ('optim_wrapper.accumulative_counts', 0, 'accumulative_counts must be an'),
    ('optim_wrapper', dict(type='AmpOptimWrapper', loss_scale=-1),
     'optim_wrapper.loss_scale must be a .* or a dict'),
    ('optim_wrapper', dict(type='AmpOptimWrapper', loss_scale='dynamc'),
     "loss_scale must be .* 'dynamic' or a dict, .* 'dynamc'"),
    ('optim_wrapper.loss_scale', 1, 'loss_scale of the config is not known'),
    ('optim_wrapper.paramwise_cfg', dict(_delete_=True, custom_keys=dict(
        norm=dict(lr_mult=-1))), 'custom_keys.norm.lr_mult must be a finite'),
    (f'{SCHEDULER}.0.end_factor', -1, 'param_scheduler.0.end_factor must be'),
    (f'{SCHEDULER}.0.start_factor', -1, 'scheduler.0.start_factor must be'),
    (f'{SCHEDULER}.0.period', 3, 'param_scheduler.0: end - begin must be a'),
    (f'{SCHEDULER}.0.by_epoch', True, 'param_scheduler.0: .*by_epoch=False'),
    (SCHEDULER, [dict(type='CosineAnnealingLR', T_max=0)], '0.T_max must be'),
    (SCHEDULER, [dict(type='StepLR', step_size=0)], '0.step_size must be an'),
    (SCHEDULER, [dict(type='PolyLR', power=-1)], 'scheduler.0.power must be'),
    (SCHEDULER, [dict(type='ExponentialLR', gamma=-1)], '0.gamma must be'),
    (SCHEDULER, [dict(type='LinearLR', begin=5, end=2)], 'scheduler.0: end s'),
    (f'{HOOKS}.logger.interval', 0, 'default_hooks.logger.interval must be'),
    (f'{HOOKS}.checkpoint.interval', 0, 'interval must be an .* 1 or -1'),
    (f'{HOOKS}.checkpoint.max_keep_ckpts', 0, 'max_keep_ckpts must be an int'),
    (f'{HOOKS}.checkpoint.rule', 'best', 'default_hooks.checkpoint: .*rule'),
    (f'{HOOKS}.report.worst', -1, 'default_hooks.report: worst must be'),
    ('custom_hooks', [dict(type='EMAHook', momentum=2)], '0.momentum must be'),
    ('custom_hooks', [dict(type='EMAHook', momentum=0)], '0.momentum must be'),
    ('log_processor.window_size', 0, 'log_processor.window_size must be'),
    (f'{METRICS}.text_removal.mode', 'strct', 'text_removal: mode must be'),
    ('model.task_prompt.tasks', ['text_removal', 'foo'], 'not in model.task_'),
]  # yapf: disable
ACCEPTED = [
    ('nothing', None),
    ('optim_wrapper', dict(type='AmpOptimWrapper', loss_scale=512.)),
    ('optim_wrapper',
     dict(
         type='AmpOptimWrapper',
         loss_scale=dict(init_scale=512, growth_interval=10, enabled=True))),
    (OPTIMIZER,
     dict(
         _delete_=True,
         type='ZeroRedundancyOptimizer',
         optimizer_type='AdamW',
         lr=1e-4)),
    ('custom_hooks', [
        dict(
            type='ProfilerHook',
            on_trace_ready=dict(
                type='log_trace', sort_by='self_cpu_time_total'))
    ]),
    ('custom_hooks',
     [dict(type='PrepareTTAHook', tta_cfg=dict(type='SegTTAModel'))]),
    ('env_cfg.dist_cfg', dict(backend='nccl', port=29500)),
    ('env_cfg.dist_cfg', dict(backend='cpu:gloo,cuda:nccl')),
    ('env_cfg.dist_cfg', dict(backend='hccl')),
    ('log_level', 'WARN'),
    ('optim_wrapper', dict(clip_grad=dict(max_norm=1., norm_type='inf'))),
    (SCHEDULER, [dict(type='StepLR', step_size=3, begin=0, end=math.inf)]),
    ('train_cfg.dynamic_intervals', [(5, 1)]),
    (f'{TRAIN}.dataset.datasets.text_removal.data_root', Path('x')),
    ('my_own_field', dict(a=1)),
    ('train_pipeline', []),
    (f'{PIXEL}.weights', (0, 0, 1)),
    ('model.backbone.drop_path_rate', .99),
    ('model.decode_head.window_size', 1),
    ('model.decode_head.pretrained_window_size', 0),
    (PALETTE, [RED, GREEN, BLUE]),
    ('load_from', 'not/there.pth'),
    ('randomness.seed', None),
    (f'{OPTIMIZER}.lr', 0),
    (f'{CLIP}.max_norm', INF),
    ('optim_wrapper', dict(type='AmpOptimWrapper', loss_scale='dynamic')),
    (f'{HOOKS}.checkpoint.interval', -1),
    ('train_cfg.max_iters', 8e1),
    (SCHEDULER, None),
    ('custom_hooks', [dict(type='EMAHook')]),
    ('env_cfg',
     dict(
         cudnn_benchmark=True,
         resource_limit=9,
         dist_cfg=dict(backend='gloo', timeout=9),
         mp_cfg=dict(mp_start_method='spawn'))),
    ('model_wrapper_cfg',
     dict(type='MMDistributedDataParallel', find_unused_parameters=True)),
    (f'{HOOKS}.checkpoint.filename_tmpl', 'step_{}.pth'),
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
