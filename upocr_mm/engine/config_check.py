"""Names in a config that nobody reads, and values that cannot be."""
from __future__ import annotations
import difflib
import importlib.util
import inspect
from typing import Any, Callable, Collection, Iterator, Mapping

from mmengine.config import Config
from mmengine.registry import RUNNERS, DefaultScope
from mmengine.runner import Runner

from ..datasets.base_paired_dataset import BasePairedDataset
from ..utils import UsageError
from .config_arguments import Arguments, arguments_of
from .config_kinds import check_kinds, check_plain
from .config_limits import check_limits
from .config_parts import check_names, dicts, fits, kind_of, places
from .config_trials import try_parts

# Fields that the scripts of mmseg, mim and ours, or Runner by `cfg`, read.
READ = ('activation_checkpointing', 'compile', 'custom_imports',
        'efficient_conv_bn_eval', 'model_wrapper_cfg', 'runner_type',
        'strategy', 'test_pipeline', 'tta_model', 'tta_pipeline',
        'vis_backends')
SCOPES = ('mmseg', 'mmengine')
SPLITS = ('train', 'val', 'test', 'tta')
# What is needed together.
LOOPS = (('train_dataloader', 'train_cfg',
          'optim_wrapper'), ('val_dataloader', 'val_cfg', 'val_evaluator'),
         ('test_dataloader', 'test_cfg', 'test_evaluator'))
# The hooks that mmengine registers by itself.
CAN_BE_NONE = ('checkpoint', 'logger', 'param_scheduler', 'runtime_info',
               'sampler_seed', 'timer')
# As difflib has it: 1 for equal names, 0.8 for one of five letters exchanged.
NEAR = 0.8
# Of every dict that is built, and of mmengine's merging.
OF_DICTS = {'type', '_delete_', '_scope_'}
# What mmengine takes out of a dict before it builds the rest.
TAKEN_OUT = {
    '*_hooks*': {'priority'},
    'optim_wrapper*': {'constructor', 'paramwise_cfg'},
    'param_scheduler*': {'convert_to_iter_based'},
    't*_cfg': {'by_epoch'},
}
# Registries whose classes get what their dict holds, and nothing besides.
WHOLE = {'METRICS', 'DATASETS', 'TRANSFORMS', 'HOOKS'}


def check_config(cfg: Config) -> None:
    """Refuse a config with misspelled names or impossible values.

    A name is misspelled if nobody reads it, it is close to one that is read,
    and it is no variable of the config whose value stands elsewhere as well.
    The ``type`` of a dict must be known, and the dict have what a class of
    this project, of mmengine or of MMSegmentation takes. Numbers must keep to
    their limits. What is cheap is built for a trial.

    Args:
        cfg: The whole config.

    Raises:
        UsageError: The message names the field, the value and what is
            allowed or near.
    """
    scope = cfg.get('default_scope')
    # With the names of another package, only what is ours is looked at.
    own = scope in (None, *SCOPES)
    with DefaultScope.overwrite_default_scope('mmseg'):
        _check_top(cfg)
        fields = [key for key in (*_runner_fields(), *READ) if key in cfg]
        for key in fields:
            check_kinds(key, cfg[key])
        _check_words(cfg)
        _check_complete(cfg)
        for key in fields:
            for field, entry in dicts(cfg[key], key):
                if own:
                    check_names(field, entry)
                kind = kind_of(field, entry)
                known = arguments_of(field, entry, kind)
                _check_keys(field, entry, kind, known)
                check_limits(field, entry, kind)
                check_plain(
                    field, entry, known.parameters,
                    getattr(kind, '__module__', '').startswith('upocr_mm.'))
        if own:
            _check_pipelines(cfg)
            try_parts(cfg)


def _runner_fields() -> list[str]:
    return list(inspect.signature(Runner.__init__).parameters)[1:]


def _check_top(cfg: Config) -> None:
    known = {*_runner_fields(), *READ}
    for key in cfg:
        near = None if key in known else _nearest(key, known)
        if near and not _is_variable(cfg, key):
            raise UsageError(f'{key} of the config is read by nobody; did you '
                             f'mean {near}?')


def _check_keys(field: str, entry: Mapping[str, Any], kind: Callable | None,
                known: Arguments) -> None:
    """Look for arguments that are not known, or missing."""
    more = {
        name
        for place, names in TAKEN_OUT.items() if fits(field, place)
        for name in names
    }
    for key in entry:
        if not known.parameters or key in {
                *known.parameters, *OF_DICTS, *more
        }:
            continue
        near = _nearest(key, known.parameters)
        if near:
            raise UsageError(f'{field}.{key} of the config is not known; did '
                             f'you mean {near}?')
        if known.exact:
            raise UsageError(f'{field}.{key} of the config is not known; '
                             f'{getattr(kind, "__name__", field)} takes '
                             f'{", ".join(sorted(known.parameters))}')
    missing = [name for name in known.required if name not in entry]
    # Of several optimizers, their constructor reads the names.
    whole = WHOLE & set(places(field)) or (field == 'optim_wrapper'
                                           and 'constructor' not in entry)
    if missing and kind and whole:
        raise UsageError(f'{field} of the config lacks {", ".join(missing)}, '
                         f'which {kind.__name__} needs')


def _check_pipelines(cfg: Config) -> None:
    """Refuse data sets of ours whose pictures nobody would load."""
    for split in SPLITS:
        loader = f'{split}_dataloader.dataset'
        entry = (cfg.get(f'{split}_dataloader') or {}).get('dataset') or {}
        entries = {loader: entry}
        if isinstance(entry.get('datasets'), dict):
            entries = {
                f'{loader}.datasets.{task}': child
                for task, child in entry['datasets'].items() if child
            }
        for field, child in entries.items():
            kind = kind_of(field, child)
            if (inspect.isclass(kind) and issubclass(kind, BasePairedDataset)
                    and not (child.get('pipeline') or entry.get('pipeline'))):
                raise UsageError(
                    f'{field} of the config lacks pipeline, which begins with '
                    'LoadImageFromFile and ends with PackImageToImageInputs')


def _nearest(key: str, known: Collection[str]) -> str | None:
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


def _check_words(cfg: Config) -> None:
    """Words of a list, and names of files."""
    scope = cfg.get('default_scope')
    if scope and importlib.util.find_spec(scope.split('.')[0]) is None:
        near = difflib.get_close_matches(scope, SCOPES, 1, NEAR)
        hint = f'; did you mean {near[0]}?' if near else ''
        raise UsageError(
            f'default_scope of the config is {scope!r}, a package '
            f'that is not installed{hint}')
    near = difflib.get_close_matches(str(scope), SCOPES, 1, NEAR)
    if near and scope not in SCOPES:
        raise UsageError(f'default_scope of the config is {scope!r}; did you '
                         f'mean {near[0]}?')
    kind = cfg.get('runner_type')
    if kind is not None and RUNNERS.get(str(kind)) is None:
        raise UsageError(f'runner_type must be one of '
                         f'{", ".join(RUNNERS.module_dict)}, but got {kind!r}')
    hooks = cfg.get('default_hooks') or {}
    for name, entry in hooks.items():
        if entry is None and name not in CAN_BE_NONE:
            raise UsageError(
                f'default_hooks.{name} must be a dict, but got '
                f'None; only {", ".join(CAN_BE_NONE)} can be left '
                'out like this')
    name = (hooks.get('checkpoint') or {}).get('filename_tmpl')
    field = 'default_hooks.checkpoint.filename_tmpl'
    if name is None:
        return
    if name.lower().endswith('.safetensors'):
        raise UsageError(
            f'{field} must not end in .safetensors, but is {name!r}: a '
            'training saves more than tensors; publish_model.py makes such a '
            'file of its checkpoint')
    try:
        different = name.format(1) != name.format(2)
    except (LookupError, ValueError):
        different = False
    if not different:
        raise UsageError(f'{field} must have one {{}} for the step, but got '
                         f'{name!r}; each checkpoint would take the place of '
                         'the one before')


def _check_complete(cfg: Config) -> None:
    """Refuse parts of a loop without the others."""
    for fields in LOOPS:
        found = [field for field in fields if cfg.get(field) is not None]
        if found and len(found) < len(fields):
            lacking = ', '.join(field for field in fields
                                if field not in found)
            raise UsageError(f'the config lacks {lacking}, which '
                             f'{", ".join(found)} needs; set all of them, or '
                             'all to None')
