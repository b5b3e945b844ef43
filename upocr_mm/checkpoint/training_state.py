"""Whether a training can go on from what a checkpoint holds of it."""
from __future__ import annotations
import math
from typing import Any, Iterable, Mapping, NoReturn

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict

from .compare import listed

# What mmengine needs to go on.
_STATE = ('meta', 'message_hub', 'optimizer')
_OF_HUB = ('log_scalars', 'runtime_info', 'resumed_keys')
# What PyTorch's optimizers keep of each parameter, in its shape.
_OF_SHAPE = {'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer'}
_SQUARES = {'exp_avg_sq', 'max_exp_avg_sq'}
# Numbers that are not negative, and those of them that are below 1.
_NOT_NEGATIVE = {'lr', 'eps', 'weight_decay', 'betas', 'momentum',
                 'base_values', '_last_value'}  # yapf: disable
_BELOW_ONE = {'betas', 'momentum'}
# Entries of schedulers that come with the first step, or left mmengine.
_OF_VERSIONS = {'_last_value', 'verbose'}
_OTHER = ('; what belongs to another optimizer or schedule cannot be resumed: '
          'start from the weights with load_from, without --resume')


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
    hub = content.get('message_hub')
    if isinstance(hub, dict):
        lacking += [f"message_hub['{key}']" for key in _OF_HUB
                    if not isinstance(hub.get(key), dict)]  # yapf: disable
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
    if not isinstance(found, Mapping):
        _refuse(name, field, 'a dict with state and param_groups', found)
    if not isinstance(found.get('state'), Mapping):
        raise ValueError(
            f'{name} cannot be resumed: {field} must have a dict state and '
            f'param_groups, but has {listed(list(map(str, found)))}{_OTHER}')
    groups = [
        dict(group, params=[0] * len(group['params']))
        for group in own.param_groups
    ]
    _compare(name, f'{field}.param_groups', groups, found.get('param_groups'))
    for i, (group,
            ours) in enumerate(zip(found['param_groups'], own.param_groups)):
        # Switches and None differ between versions of PyTorch.
        lacking = [
            key for key in ('params', *own.defaults) if key not in group
            and not (ours[key] is None or isinstance(ours[key], bool))
        ]
        if lacking:
            raise ValueError(
                f'{name} cannot be resumed: {field}.param_groups.{i} lacks '
                f'{", ".join(lacking)}, which {type(own).__name__} has{_OTHER}'
            )
    shapes = {
        index: parameter.shape
        for group, ours in zip(found['param_groups'], own.param_groups)
        for index, parameter in zip(group['params'], ours['params'])
    }
    entries = [e for e in found['state'].values() if isinstance(e, Mapping)]
    kept = {key for entry in entries for key in entry} & {
        'exp_avg', 'exp_avg_sq', 'step'}  # yapf: disable
    for index, entry in found['state'].items():
        where = f'{field}.state.{index}'
        if index not in shapes:
            _refuse(name, where, 'of a parameter of param_groups', index)
        if not isinstance(entry, Mapping) or kept - set(entry):
            _refuse(
                name, where,
                f'a dict with {", ".join(sorted(kept))}' if kept else 'a dict',
                entry)
        for key in _OF_SHAPE & set(entry):
            _check_tensor(name, f'{where}.{key}', entry[key], shapes[index])
        if 'step' in entry and not _is_number(entry['step'], 0):
            _refuse(name, f'{where}.step', 'a number of at least 0',
                    entry['step'])


def _check_tensor(name: str, field: str, found: Any,
                  shape: torch.Size) -> None:
    key = field.rpartition('.')[2]
    if found is None and key == 'momentum_buffer':
        return  # before the first step
    if getattr(found, 'shape', None) != shape:
        _refuse(name, field, f'a tensor of shape {tuple(shape)}', found)
    if not found.is_floating_point():
        _refuse(name, field, 'of floating point', found.dtype)
    wrong = 'not finite' if not torch.isfinite(found).all() else None
    if key in _SQUARES and (found < 0).any():
        wrong = 'negative'
    if wrong:
        raise ValueError(f'{name} cannot be resumed: {field} has values that '
                         f'are {wrong}')


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
        ours = scheduler.state_dict()
        other = (set(ours) ^ set(state)) - _OF_VERSIONS
        if other:
            raise ValueError(f'{name} cannot be resumed: {where} is not of a '
                             f'{type(scheduler).__name__}, they differ in '
                             f'{", ".join(sorted(map(str, other)))}{_OTHER}')
        for key in 'by_epoch', 'param_name':
            if ours.get(key) != state.get(key):
                _refuse(name, f'{where}.{key}', repr(ours.get(key)),
                        state.get(key))
        _compare(name, where, ours, state)


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
    elif isinstance(own, bool):
        # None is a switch that PyTorch sets by itself.
        if found not in (True, False, None):
            _refuse(name, field, 'True or False', found)
    elif isinstance(own, str):
        if not isinstance(found, str):
            _refuse(name, field, 'text', found)
    elif isinstance(own, (int, float)):
        names = set(field.split('.')[-2:])
        if found is None and any(key.startswith('eta_min') for key in names):
            return  # of two ways to say it, the other
        low = 0 if names & _NOT_NEGATIVE else -math.inf
        low = -1 if 'last_step' in names else low
        # The best score of some schedulers begins at infinity.
        if not _is_number(found, low, finite=math.isfinite(own)):
            least = f' of at least {low}' if low > -math.inf else ''
            _refuse(name, field, f'a finite number{least}', found)
        if names & _BELOW_ONE and float(found) >= 1:
            _refuse(name, field, 'below 1', found)


def _is_number(value: Any, low: float, finite: bool = True) -> bool:
    if isinstance(value, torch.Tensor):
        if value.numel() != 1 or value.is_complex() or value.is_meta:
            return False
        value = value.item()
    if not isinstance(value, (int, float)):
        return False
    # Larger integers are no floats.
    most = math.inf if not finite else 1e308
    return low <= value <= most if finite else not math.isnan(value)


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
