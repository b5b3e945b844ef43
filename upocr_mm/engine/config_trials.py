"""Builds the cheap parts of a config for a trial, before data are read."""
from __future__ import annotations
import copy
import inspect
import warnings
from typing import Any, Callable, Iterator

import torch
from mmengine.config import Config
from mmseg.registry import (HOOKS, METRICS, OPTIMIZERS, PARAM_SCHEDULERS,
                            TRANSFORMS)

from ..datasets.samplers import task_counts
from ..evaluation.metrics import ClassMapMetric, TextRemovalMetric
from ..utils import UsageError, sentence_of
from .config_parts import dicts, fits, kind_of

# Others, also those of users, may do more than to take their arguments.
CHEAP = {
    '*pipeline.[0-9]': ('upocr_mm.', 'mmcv.', 'mmseg.'),
    '*pipeline.[0-9][0-9]': ('upocr_mm.', 'mmcv.', 'mmseg.'),
    '*_hooks*': ('upocr_mm.', 'mmengine.hooks.'),
    '*.optimizer': ('torch.optim.', 'upocr_mm.'),
    'param_scheduler*': ('mmengine.', 'upocr_mm.'),
}
CHEAP_METRICS = (TextRemovalMetric, ClassMapMetric)


def try_parts(cfg: Config) -> None:
    """Build transforms, hooks, optimizers, schedulers and simple metrics.

    Args:
        cfg: The whole config, whose names are known.

    Raises:
        UsageError: A part refuses its arguments; the message names its field.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # they come again
        for split in ('train', 'val', 'test'):
            _try_batches(cfg, f'{split}_dataloader')
            for field, entry in _cheap(cfg, f'{split}_dataloader'):
                _try(field, TRANSFORMS.build, entry)
            for field, entry in _metrics(cfg, f'{split}_evaluator'):
                _try(field, METRICS.build, entry)
        for key in ('default_hooks', 'custom_hooks'):
            for field, entry in _cheap(cfg, key):
                entry.pop('priority', None)
                _try(field, HOOKS.build, entry)
        optimizers = {}
        for field, entry in _cheap(cfg, 'optim_wrapper'):
            optimizers[field.split('.')[-2]] = entry
            _try(field, _optimizer, entry)
        for field, entry in _cheap(cfg, 'param_scheduler'):
            # of several optimizers, the one that it is named after
            own = optimizers.get(field.split('.')[1]) or next(
                iter(optimizers.values()), None)
            if own:
                _try(field, _scheduler, entry, own, cfg.get('train_cfg') or {})


def _cheap(cfg: Config, key: str) -> Iterator[tuple[str, dict]]:
    """Copies of the dicts whose classes only take their arguments."""
    for field, entry in dicts(cfg.get(key), key):
        kind = kind_of(field, entry)
        for place, packages in CHEAP.items():
            if (inspect.isclass(kind) and fits(field, place)
                    and kind.__module__.startswith(packages)):
                yield field, copy.deepcopy(entry)
                break


def _metrics(cfg: Config, key: str) -> Iterator[tuple[str, dict]]:
    for field, entry in dicts(cfg.get(key), key):
        kind = kind_of(field, entry)
        if inspect.isclass(kind) and issubclass(kind, CHEAP_METRICS):
            yield field, copy.deepcopy(entry)


def _try(field: str, build: Callable, *args: Any) -> None:
    try:
        build(*args)
    except (ImportError, OSError):
        pass  # a package or file is missing, which its use tells better
    except Exception as error:
        raise UsageError(f'{field}: {sentence_of(error)}') from error


def _optimizer(entry: dict) -> torch.optim.Optimizer:
    parameter = torch.nn.Parameter(torch.zeros(1))
    return OPTIMIZERS.build(dict(entry, params=[parameter]))


def _scheduler(entry: dict, optimizer: dict, train_cfg: dict) -> None:
    """As :class:`mmengine.runner.Runner` does."""
    length = 'max_epochs' if entry.get('by_epoch', True) else 'max_iters'
    if train_cfg.get(length):
        entry.setdefault('end', train_cfg[length])
    PARAM_SCHEDULERS.build(
        entry,
        default_args=dict(optimizer=_optimizer(optimizer), epoch_length=1))


def _try_batches(cfg: Config, field: str) -> None:
    """The size of a batch must fit the tasks in it."""
    found = dict(dicts(cfg.get(field), field))
    loader = found.get(field, {})
    sampler = found.get(f'{field}.batch_sampler', {})
    tasks = found.get(f'{field}.dataset.datasets')
    if sampler.get('type') == 'MultiTaskBatchSampler' and tasks:
        _try(field, task_counts,
             [task for task, entry in tasks.items() if entry],
             sampler.get('batch_size', loader.get('batch_size', 1)),
             sampler.get('task_ratio'))
