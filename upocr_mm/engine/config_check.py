"""Names in a config that nobody reads, and numbers that cannot be."""
from __future__ import annotations
import difflib
import inspect
from typing import Any, Iterator, Mapping

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmseg import registry
from torch.utils.data import DataLoader

from ..utils import UsageError

# Fields that the scripts of mmseg, mim and ours, or Runner by `cfg`, read.
READ = ('activation_checkpointing', 'compile', 'custom_imports',
        'efficient_conv_bn_eval', 'model_wrapper_cfg', 'runner_type',
        'test_pipeline', 'tta_model', 'tta_pipeline', 'vis_backends')
SPLITS = ('train', 'val', 'test', 'tta')
# As difflib has it: 1 for equal names, 0.8 for one of five letters exchanged.
NEAR = 0.8
REGISTRIES = ('MODELS', 'DATASETS', 'TRANSFORMS', 'DATA_SAMPLERS', 'HOOKS',
              'METRICS', 'EVALUATOR', 'LOOPS', 'OPTIMIZERS', 'OPTIM_WRAPPERS',
              'PARAM_SCHEDULERS', 'VISUALIZERS', 'VISBACKENDS',
              'LOG_PROCESSORS', 'TASK_UTILS')
# Of every dict that is built, and of mmengine's merging.
OF_DICTS = {'type', '_delete_', '_scope_'}


def check_config(cfg: Config) -> None:
    """Refuse a config with misspelled names or impossible numbers.

    A name is misspelled if nobody reads it, it is close to one that is read,
    and it is no variable of the config whose value stands elsewhere as well.

    Args:
        cfg: The whole config.

    Raises:
        UsageError: The message names the field, and the nearest name.
    """
    with DefaultScope.overwrite_default_scope('mmseg'):
        _check_top(cfg)
        for key in _runner_fields():
            for field, entry in _dicts(cfg.get(key), key):
                _check_keys(field, entry)
    _check_numbers(cfg)


def _runner_fields() -> list[str]:
    return list(inspect.signature(Runner.__init__).parameters)[1:]


def _check_top(cfg: Config) -> None:
    known = {*_runner_fields(), *READ}
    for key in cfg:
        near = None if key in known else _nearest(key, known)
        if near and not _is_variable(cfg, key):
            raise UsageError(f'{key} of the config is read by nobody; did you '
                             f'mean {near}?')


def _check_keys(field: str, entry: Mapping[str, Any]) -> None:
    known = _arguments_of(field, entry)
    for key in entry:
        if known and key not in known | OF_DICTS:
            near = _nearest(key, known)
            if near:
                raise UsageError(f'{field}.{key} of the config is not known; '
                                 f'did you mean {near}?')


def _arguments_of(field: str, entry: Mapping[str, Any]) -> set[str]:
    """What may stand in a dict; nothing if that is not known."""
    if field.endswith('_dataloader'):
        # mmengine's build_dataloader has a few more.
        return _parameters(DataLoader) | {'num_batch_per_epoch', 'dataset'}
    if field == 'optim_wrapper':
        kind = _find(entry.get('type', 'OptimWrapper'))
        return _parameters(kind) | {'constructor', 'paramwise_cfg'}
    return _parameters(_find(entry.get('type')))


def _find(kind: Any) -> type | None:
    if isinstance(kind, type):
        return kind
    for name in REGISTRIES if isinstance(kind, str) else ():
        table = getattr(registry, name, None)
        found = table.get(kind) if table is not None else None
        if isinstance(found, type):
            return found
    return None


def _parameters(kind: type | None) -> set[str]:
    """Names of the arguments of a class, also those that it hands on."""
    names: set[str] = set()
    for base in kind.__mro__ if kind else ():
        if '__init__' not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        names |= {p.name for p in parameters}
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            break
    return names - {'self', 'args', 'kwargs'}


def _nearest(key: str, known: set[str]) -> str | None:
    """The name that was meant, if one is close."""
    for name in difflib.get_close_matches(key, known, 5, NEAR):
        # `val_pipeline` is no misspelled `tta_pipeline`.
        heads = key.split('_')[0], name.split('_')[0]
        if heads[0] == heads[1] or not set(heads) <= set(SPLITS):
            return name
    return None


def _is_variable(cfg: Config, key: str) -> bool:
    """Whether the value of a field stands elsewhere in the config too."""
    value = cfg[key]
    others = (v for name in cfg if name != key for v in _values(cfg[name]))
    if isinstance(value, str):
        return bool(value) and any(
            isinstance(v, str) and value in v for v in others)
    others = [v for v in others if isinstance(v, (dict, list, tuple)) and v]
    if isinstance(value, (list, tuple)) and value not in others:
        # its entries may have been taken apart
        return bool(value) and all(entry in others for entry in value)
    return value in others


def _values(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    if isinstance(value, (list, tuple)):
        for entry in value:
            yield from _values(entry)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _values(entry)


def _dicts(value: Any, field: str) -> Iterator[tuple[str, dict]]:
    """All dicts in a value, with their fields."""
    if isinstance(value, dict):
        yield field, value
        for key, entry in value.items():
            yield from _dicts(entry, f'{field}.{key}')
    elif isinstance(value, (list, tuple)):
        for i, entry in enumerate(value):
            yield from _dicts(entry, f'{field}.{i}')


def _check_numbers(cfg: Config) -> None:
    lowest = {'train_cfg': dict(max_iters=1, max_epochs=1, val_interval=1)}
    for split in ('train', 'val', 'test'):
        lowest[f'{split}_dataloader'] = dict(batch_size=1, num_workers=0)
    for field, limits in lowest.items():
        entry = cfg.get(field) or {}
        for key, low in limits.items():
            value = entry.get(key, low)
            # 80e3 is an integer to mmengine
            if (isinstance(value, bool) or not isinstance(value, (int, float))
                    or value != int(value) or value < low):
                raise UsageError(f'{field}.{key} must be an integer of at '
                                 f'least {low}, but got {value!r}')
        if entry.get('persistent_workers') and not entry.get('num_workers'):
            raise UsageError(f'{field}.persistent_workers needs '
                             f'{field}.num_workers of at least 1, but got '
                             f'{entry.get("num_workers", 0)}; set '
                             'persistent_workers=False')
