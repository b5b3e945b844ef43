"""Whether a training can go on from what a checkpoint holds of it."""
from __future__ import annotations
import math
from typing import Any, Iterable, Mapping, NoReturn

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict

# What mmengine needs to go on.
_STATE = ('meta', 'message_hub', 'optimizer')
# What PyTorch's optimizers keep of each parameter, in its shape.
_OF_SHAPE = {'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer'}


def require_training(content: Mapping, name: str) -> None:
    """Refuse to resume from what is no checkpoint of a training.

    Args:
        content: The checkpoint.
        name: Its file, for errors.

    Raises:
        ValueError: The state of a training is not in it, or cannot be one.
    """
    lacking = [key for key in _STATE if not isinstance(content.get(key), dict)]
    meta = content.get('meta')
    if isinstance(meta, dict):
        lacking += [f"meta['{key}']" for key in ('iter', 'epoch')
                    if not isinstance(meta.get(key), int)]  # yapf: disable
    if lacking:
        raise ValueError(
            f'{name} cannot be resumed, it lacks {", ".join(lacking)} of a '
            'training; to start from its weights use load_from without '
            '--resume')
    for key in 'iter', 'epoch', 'seed':
        value = meta.get(key)
        if value is None and key == 'seed':
            continue
        if (not isinstance(value, int) or isinstance(value, bool)
                or not 0 <= value < 2**32):
            _refuse(name, f"meta['{key}']", f'an integer from 0 to {2**32-1}',
                    value)


def compare_training(content: Mapping, name: str, optimizers: Any,
                     schedulers: Any) -> None:
    """Refuse to resume with optimizers or schedulers of another form.

    PyTorch and mmengine take over almost anything, and fail later.

    Args:
        content: The checkpoint, which :func:`require_training` accepts.
        name: Its file, for errors.
        optimizers: The optimizer wrapper of the runner; what is not built
            yet is not compared.
        schedulers: Its schedulers, a list or a dict of lists.

    Raises:
        ValueError: The message names the entry and what it must be.
    """
    found = content['optimizer']
    if isinstance(optimizers, OptimWrapperDict):
        for key, wrapper in optimizers.items():
            _compare_optimizer(name, f'optimizer.{key}', wrapper.optimizer,
                               found.get(key))
    elif isinstance(optimizers, OptimWrapper):
        _compare_optimizer(name, 'optimizer', optimizers.optimizer, found)
    found = content.get('param_schedulers')
    if found is None or schedulers is None:
        return
    if isinstance(schedulers, dict):
        if not isinstance(found, dict):
            _refuse(name, 'param_schedulers', 'a dict', found)
        for key, own in schedulers.items():
            _compare_schedulers(name, f'param_schedulers.{key}', own,
                                found.get(key))
    else:
        _compare_schedulers(name, 'param_schedulers', schedulers, found)


def _compare_optimizer(name: str, field: str, own: torch.optim.Optimizer,
                       found: Any) -> None:
    if hasattr(own, 'consolidate_state_dict'):
        return  # each process has a part of it
    if not isinstance(found, Mapping) or not isinstance(
            found.get('state'), Mapping):
        _refuse(name, field, 'a dict with state and param_groups', found)
    groups = [
        dict(group, params=[0] * len(group['params']))
        for group in own.param_groups
    ]
    _compare(name, f'{field}.param_groups', groups, found.get('param_groups'))
    shapes = {
        index: parameter.shape
        for group, ours in zip(found['param_groups'], own.param_groups)
        for index, parameter in zip(group['params'], ours['params'])
    }
    for index, entry in found['state'].items():
        where = f'{field}.state.{index}'
        if index not in shapes:
            _refuse(name, where, 'of a parameter of param_groups', index)
        if not isinstance(entry, Mapping):
            _refuse(name, where, 'a dict', entry)
        for key in _OF_SHAPE & set(entry):
            shape = getattr(entry[key], 'shape', None)
            if entry[key] is not None and shape != shapes[index]:
                _refuse(name, f'{where}.{key}',
                        f'a tensor of shape {tuple(shapes[index])}',
                        entry[key])


def _compare_schedulers(name: str, field: str, own: Iterable,
                        found: Any) -> None:
    if not isinstance(found, (list, tuple)):
        _refuse(name, field, 'a list of dicts', found)
    # Of other numbers, mmengine takes over as many as both have.
    for i, (scheduler, state) in enumerate(zip(own, found)):
        where = f'{field}.{i}'
        if not isinstance(state, Mapping):
            _refuse(name, where, 'a dict', state)
        for key in state:
            if hasattr(type(scheduler), str(key)):
                _refuse(name, f'{where}.{key}', 'left out, it is a function',
                        state[key])
        _compare(name, where, scheduler.state_dict(), state)


def _compare(name: str, field: str, own: Any, found: Any) -> None:
    """Refuse what is not of the same kind as ours."""
    if isinstance(own, dict):
        if not isinstance(found, Mapping):
            _refuse(name, field, 'a dict', found)
        for key in own.keys() & found.keys():
            _compare(name, f'{field}.{key}', own[key], found[key])
    elif isinstance(own, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(found) != len(own):
            _refuse(name, field, f'a list of {len(own)}', found)
        for i, (ours, theirs) in enumerate(zip(own, found)):
            _compare(name, f'{field}.{i}', ours, theirs)
    elif isinstance(own, (bool, str)):
        if not isinstance(found, type(own)):
            _refuse(name, field,
                    'text' if isinstance(own, str) else 'True or False', found)
    elif isinstance(own, (int, float)):
        number = isinstance(found, (int, float)) or isinstance(
            found, torch.Tensor) and found.numel() == 1
        # The best score of some schedulers begins at infinity.
        if not number or math.isfinite(own) > math.isfinite(float(found)):
            _refuse(name, field, 'a finite number', found)


def _refuse(name: str, field: str, wanted: str, found: Any) -> NoReturn:
    kind = f'is a {type(found).__name__}'
    if isinstance(found, torch.Tensor):
        kind = f'has the shape {tuple(found.shape)}'
    elif len(repr(found)) < 60:
        kind = f'is {found!r}'
    elif isinstance(found, (list, tuple)):
        kind = f'has {len(found)}'
    raise ValueError(f'{name} cannot be resumed: {field} must be {wanted}, '
                     f'but {kind}')
