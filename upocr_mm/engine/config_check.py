"""Names in a config that nobody reads, and values that cannot be."""
from __future__ import annotations
import difflib
import inspect
import multiprocessing
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from mmengine.config import Config
from mmengine.dist import init_dist
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing
from torch.distributed import init_process_group
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from ..datasets.base_paired_dataset import BasePairedDataset
from ..utils import UsageError
from .config_limits import check_limits
from .config_parts import check_names, dicts, fits, kind_of, places
from .config_trials import try_parts

# Fields that the scripts of mmseg, mim and ours, or Runner by `cfg`, read.
READ = ('activation_checkpointing', 'compile', 'custom_imports',
        'efficient_conv_bn_eval', 'model_wrapper_cfg', 'runner_type',
        'test_pipeline', 'tta_model', 'tta_pipeline', 'vis_backends')
SCOPES = ('mmseg', 'mmengine')
LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
SPLITS = ('train', 'val', 'test', 'tta')
# As difflib has it: 1 for equal names, 0.8 for one of five letters exchanged.
NEAR = 0.8
# Fields of Runner that are no dicts, and those below them that are.
NO_SECTIONS = {
    'cfg', 'default_scope', 'experiment_name', 'launcher', 'load_from',
    'log_level', 'resume', 'work_dir'
}
SECTIONS = ('optim_wrapper*.optimizer', 'optim_wrapper*.clip_grad',
            '*_dataloader.dataset', '*_dataloader.sampler')
# Of every dict that is built, and of mmengine's merging.
OF_DICTS = {'type', '_delete_', '_scope_'}
# What mmengine takes out of a dict before it builds the rest.
TAKEN_OUT = {
    '*_hooks*': {'priority'},
    'optim_wrapper*': {'constructor', 'paramwise_cfg'},
    'param_scheduler*': {'convert_to_iter_based'},
    't*_cfg': {'by_epoch'},
}
# Packages whose classes take exactly the arguments that they list, and the
# dicts that are taken apart before (by mmcv and mmengine).
EXACT = ('upocr_mm', 'mmengine', 'mmseg')
NOT_EXACT = ('*init_cfg*', 'model.*_cfg*')
# Of Runner's environment.
ENVIRONMENT = {'cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit'}
# Registries whose classes get what their dict holds, and nothing besides.
WHOLE = {'METRICS', 'DATASETS', 'TRANSFORMS', 'HOOKS'}


class Arguments(NamedTuple):
    """What may stand in a dict.

    Args:
        names: The arguments that are known; nothing if none are.
        exact: Whether there are no others.
        required: Those without a default.
    """
    names: set[str]
    exact: bool = False
    required: tuple[str, ...] = ()


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
        _check_plain(cfg)
        for key in (*_runner_fields(), 'model_wrapper_cfg', 'tta_model',
                    'tta_pipeline'):
            text = isinstance(cfg.get(key), (str, int, float))
            if text and key not in NO_SECTIONS:
                raise UsageError(f'{key} must be a dict, but got {cfg[key]!r}')
            for field, entry in dicts(cfg.get(key), key):
                _check_sections(field, entry)
                if own:
                    check_names(field, entry)
                kind = kind_of(field, entry)
                _check_keys(field, entry, kind)
                check_limits(field, entry, kind)
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


def _check_sections(field: str, entry: Mapping[str, Any]) -> None:
    """Refuse text and numbers where dicts must be."""
    for key, value in entry.items():
        is_dict = field == 'default_hooks' or fits(f'{field}.{key}', *SECTIONS)
        if is_dict and isinstance(value, (str, int, float)):
            raise UsageError(f'{field}.{key} must be a dict, but got '
                             f'{value!r}')


def _check_keys(field: str, entry: Mapping[str, Any],
                kind: Callable | None) -> None:
    """Look for arguments that are not known, or missing."""
    known = _arguments_of(field, kind)
    more = {
        name
        for place, names in TAKEN_OUT.items() if fits(field, place)
        for name in names
    }
    for key in entry:
        if not known.names or key in known.names | OF_DICTS | more:
            continue
        near = _nearest(key, known.names)
        if near:
            raise UsageError(f'{field}.{key} of the config is not known; did '
                             f'you mean {near}?')
        if known.exact:
            raise UsageError(f'{field}.{key} of the config is not known; '
                             f'{getattr(kind, "__name__", field)} takes '
                             f'{", ".join(sorted(known.names))}')
    missing = [name for name in known.required if name not in entry]
    if missing and kind and WHOLE & set(places(field)):
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


def _arguments_of(field: str, kind: Callable | None) -> Arguments:
    if field == 'randomness':
        return _parameters(Runner.set_randomness, exact=True)
    if field == 'env_cfg':
        return Arguments(ENVIRONMENT, exact=True)
    if field == 'env_cfg.mp_cfg':
        return _parameters(set_multi_processing, exact=True)
    if field == 'env_cfg.dist_cfg':
        names = _parameters(init_dist).names
        return Arguments(names | _parameters(init_process_group).names, True)
    if fits(field, 'optim_wrapper*.clip_grad'):
        names = {'clip_value', 'max_norm'}  # the second by `type='value'`
        for function in clip_grad_norm_, clip_grad_value_:
            names |= _parameters(function).names
        return Arguments(names - {'parameters'}, exact=True)
    if field.endswith('_dataloader'):
        # mmengine's build_dataloader has a few more.
        names = _arguments_of_class(DataLoader).names
        return Arguments(names | {'num_batch_per_epoch', 'dataset'}, True)
    if field == 'optim_wrapper':
        # Of several optimizers, their names stand here as well.
        names = _arguments_of_class(kind or OptimWrapper).names
        return Arguments(names)
    if not inspect.isclass(kind):
        return Arguments(set())
    found = _arguments_of_class(kind)
    known = (
        kind.__module__.split('.')[0] in EXACT or field == 'model_wrapper_cfg')
    return found._replace(
        exact=found.exact and known and not fits(field, *NOT_EXACT))


def _arguments_of_class(kind: type) -> Arguments:
    """The arguments of a class, also those that it hands on."""
    names: set[str] = set()
    required: tuple[str, ...] = ()
    for base in kind.__mro__:
        if '__init__' not in vars(base):
            continue
        found = _parameters(base.__init__)
        names |= found.names
        required = required or found.required
        if found.exact:
            return Arguments(names, True, required)
    return Arguments(names, False, required)


def _parameters(function: Callable, exact: bool = False) -> Arguments:
    found = inspect.signature(function).parameters.values()
    named = [
        p for p in found
        if p.kind not in (p.VAR_POSITIONAL,
                          p.VAR_KEYWORD) and p.name not in ('self', 'args',
                                                            'kwargs')
    ]
    return Arguments({p.name
                      for p in named}, exact
                     or all(p.kind != p.VAR_KEYWORD for p in found),
                     tuple(p.name for p in named if p.default is p.empty))


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


def _check_plain(cfg: Config) -> None:
    """Fields that are text, a word of a list, or True and False."""
    for key in 'load_from', 'work_dir', 'experiment_name':
        if isinstance(cfg.get(key), (int, float, list, dict)):
            raise UsageError(f'{key} must be text or None, but got '
                             f'{cfg[key]!r}')
    if cfg.get('resume') not in (True, False, None):
        raise UsageError(
            f'resume must be True or False, but got {cfg.resume!r}')
    scope = cfg.get('default_scope')
    near = difflib.get_close_matches(str(scope), SCOPES, 1, NEAR)
    if near and scope not in SCOPES:
        raise UsageError(f'default_scope of the config is {scope!r}; did you '
                         f'mean {near[0]}?')
    level = cfg.get('log_level', 'INFO')
    if level not in (*LEVELS, None) and not isinstance(level, int):
        raise UsageError(f'log_level must be one of {", ".join(LEVELS)}, but '
                         f'got {level!r}')
    hook = (cfg.get('default_hooks') or {}).get('checkpoint')
    name = hook.get('filename_tmpl') if isinstance(hook, dict) else None
    if str(name).lower().endswith('.safetensors'):
        raise UsageError(
            'default_hooks.checkpoint.filename_tmpl must not end in '
            f'.safetensors, but is {name!r}: a training saves more than '
            'tensors; publish_model.py makes such a file of its checkpoint')
    processes = cfg.get('env_cfg') or {}
    start = (processes.get('mp_cfg') or {}).get('mp_start_method')
    methods = multiprocessing.get_all_start_methods()
    if start not in (None, *methods):
        raise UsageError('env_cfg.mp_cfg.mp_start_method must be one of '
                         f'{", ".join(methods)}, but got {start!r}')
