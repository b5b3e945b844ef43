"""What the processes run: one step of a case in one variant."""
from __future__ import annotations
import argparse
import json
from inspect import signature
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np
import torch
from mmcv.cnn.bricks import DropPath
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmengine.utils.dl_utils import set_multi_processing
from mmseg.registry import DATASETS, MODELS
from mmseg.structures import SegDataSample

import upocr_mm  # noqa: F401  (registers the model)
from upocr_mm.deploy import (export_onnx, hash_weights, load_model,
                             load_session, quantize_int8)
from upocr_mm.models import UPOCR
from .cases import RUNTIMES, Case

DTYPES = dict(fp32='float32', bf16='bfloat16', fp16='float16')
# First iterations, in which workers start and memory is first taken.
WARMUP = 3
# Does the work, and returns images of the tasks or a loss.
Step = Callable[[], Sequence[Any]]


def prepare(args: argparse.Namespace, case: Case, variant: str) -> Step:
    """Do what comes before the first step; a function that does a step."""
    _start(args)
    if case.group == 'data':
        return _data_step(args, case, variant)
    if case.group == 'training':
        return _training_step(args, case, variant)
    inputs = torch.rand(case.batch_size, 3, case.size, case.size)
    if variant.split()[0] in RUNTIMES:
        return _deploy_step(args, case, variant, inputs.numpy())
    device, tasks = device_of(args, case), list(case.tasks)
    model, inputs = build_model(args, variant).to(device), inputs.to(device)
    if 'plain' in variant:  # every task in a pass of its own
        return lambda: [model.predict_tasks(inputs, [t])[0] for t in tasks]
    return lambda: model.predict_tasks(inputs, tasks)


def device_of(args: argparse.Namespace, case: Case) -> str:
    """Where a case runs."""
    return 'cpu' if case.group in ('deploy', 'data') else args.device


def load_config(args: argparse.Namespace) -> Config:
    """The prepared configuration."""
    init_default_scope('mmseg')
    return Config.fromfile(args.config_file)


def write_weights(args: argparse.Namespace) -> str:
    """Write the weights of all variants, given or random; their name."""
    _start(args)
    model = load_model(args.config_file, args.checkpoint)
    if not args.checkpoint:
        for parameter in model.parameters():
            if parameter.ndim == 1:
                # Initial zeros and ones would hide a bias or a factor that
                # one of the variants leaves out.
                parameter.data += 0.1 * torch.randn_like(parameter)
    torch.save(model.state_dict(), args.weights)
    return hash_weights(model.state_dict())[:12]


def build_model(args: argparse.Namespace,
                variant: str,
                training: bool = False) -> UPOCR:
    """Build the model of a variant, without stochastic depth.

    For training with its losses. The plain path has mmpretrain's own
    attention, wherever a part of the model has the choice.
    """
    cfg = load_config(args).model
    if not training:
        cfg.losses = None
        cfg.test_cfg = dict(
            dtype=DTYPES[_dtype(variant)], compile='compiled' in variant)
    for part in cfg.backbone, cfg.decode_head:
        part.init_cfg = None  # the weights come from a file
        if 'checkpointed' in variant:
            part.with_cp = True
        choices = signature(MODELS.get(part.type)).parameters
        if 'plain' in variant and 'attention' in choices:
            part.attention = 'eager'
    model = MODELS.build(cfg)
    model.load_state_dict(torch.load(args.weights, weights_only=True))
    for module in model.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 0.
    return model.train(training)


def set_precision(cfg: ConfigDict, dtype: str) -> None:
    """Let an ``optim_wrapper`` train in a precision, a half one on CUDA."""
    cfg.type = 'OptimWrapper'
    cfg.pop('dtype', None)
    cfg.pop('loss_scale', None)
    if dtype != 'fp32':
        cfg.update(type='AmpOptimWrapper', dtype=DTYPES[dtype])


def export_model(args: argparse.Namespace, case: Case, variant: str) -> Path:
    """The exported model of a case, which is written unless it is there."""
    size = (case.size, case.size)
    name = f'{args.weights_name}_{case.size}_batch{case.batch_size}.onnx'
    file = args.export_dir / name
    if not file.exists():
        model = load_model(args.config_file, args.weights)
        export_onnx(model, file, size, batch_size=case.batch_size)
    if 'int8' not in variant:
        return file
    quantized = file.with_suffix('.xml')
    if not quantized.exists():
        images = np.random.rand(8 * case.batch_size, 3, *size)
        # The table tells how far the outputs are.
        quantize_int8(file, quantized, images.astype(np.float32), -np.inf)
    return quantized


def _deploy_step(args: argparse.Namespace, case: Case, variant: str,
                 images: np.ndarray) -> Step:
    session = load_session(
        export_model(args, case, variant),
        variant.split()[0],
        'float32' if 'fp32' in variant else 'bfloat16',
        num_threads=args.threads,
        tasks=case.tasks)
    return lambda: list(session(images).values())


def _dtype(variant: str) -> str:
    return next(word for word in variant.split() if word in DTYPES)


def _start(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.backends.cudnn.allow_tf32 = False  # as in the configurations


def _training_step(args: argparse.Namespace, case: Case, variant: str) -> Step:
    """Forward pass, losses, backward pass and optimizer."""
    model = build_model(args, variant, training=True).to(args.device)
    cfg = load_config(args).optim_wrapper
    set_precision(cfg, _dtype(variant))
    optim, train_step = build_optim_wrapper(model, cfg), model.train_step
    if 'compiled' in variant:
        train_step = torch.compile(train_step)  # as mmengine's `compile`
    data = _random_batch(case)
    return lambda: [train_step(data, optim)['loss']]


def _random_batch(case: Case) -> dict:
    """Images with labels of every kind, of the tasks in turn."""
    shape = (case.batch_size, 3, case.size, case.size)
    inputs, samples = torch.randint(256, shape, dtype=torch.uint8), []
    masks = (torch.rand(shape) < 0.2).to(torch.uint8)[:, :1]
    for i, (image, mask) in enumerate(zip(inputs, masks)):
        task = case.tasks[i % len(case.tasks)]
        samples.append(SegDataSample(metainfo=dict(task=task)))
        samples[-1].gt_image = PixelData(data=image.flip(1))
        samples[-1].gt_text_mask = PixelData(data=mask)
        samples[-1].gt_sem_seg = PixelData(data=mask)
    return dict(inputs=list(inputs), data_samples=samples)


def _data_step(args: argparse.Namespace, case: Case, variant: str) -> Step:
    """A pass over the files of one task, as training loads them."""
    cfg, workers = load_config(args), int(variant.split()[0])
    set_multi_processing(**cfg.env_cfg.mp_cfg)
    dataset = cfg.train_dataloader.dataset
    for task in set(dataset.datasets) - set(case.tasks):
        dataset.datasets[task] = None
    loader = torch.utils.data.DataLoader(
        DATASETS.build(dataset),
        collate_fn=pseudo_collate,
        num_workers=workers,
        persistent_workers=workers > 0)
    return lambda: [len(batch['inputs']) for batch in loader]


def run_loop(args: argparse.Namespace, case: Case, workers: int,
             work_dir: Path) -> list[list[float]]:
    """Train by mmengine's runner; the times that it logs.

    In the precision of the configuration, on CPUs in float32.

    Returns:
        Seconds of each iteration, and those of them waiting for data.
    """
    cfg = load_config(args)
    cfg.train_dataloader.update(
        batch_size=case.batch_size,
        num_workers=workers,
        persistent_workers=workers > 0)
    # Every iteration is logged, and nothing is validated or saved.
    iterations = WARMUP + 4 * args.repeats
    cfg.train_cfg.update(max_iters=iterations, val_interval=10 * iterations)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint = None
    cfg.default_hooks.logger.interval = cfg.log_processor.window_size = 1
    cfg.load_from, cfg.work_dir = None, str(work_dir)
    if args.device == 'cpu':
        set_precision(cfg.optim_wrapper, 'fp32')
    Runner.from_cfg(cfg).train()
    log, = work_dir.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    lines = [line for line in lines if 'data_time' in line][WARMUP:]
    return [[line[key] for line in lines] for key in ('time', 'data_time')]
