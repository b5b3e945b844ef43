"""The dicts of a config, and what their ``type`` stands for."""
from __future__ import annotations
import difflib
import fnmatch
from typing import Any, Callable, Iterator, Mapping

import mmengine.registry
from mmengine.registry import Registry
from mmseg import registry

from ..utils import UsageError

# Where a `type` is looked up: by the first pattern that fits the field.
PLACES = {
    '*init_cfg*': ('WEIGHT_INITIALIZERS', ),
    '*pipeline*': ('TRANSFORMS', ),
    '*_dataloader.collate_fn': ('FUNCTIONS', ),
    '*_dataloader.worker_init_fn': ('FUNCTIONS', ),
    '*_dataloader.dataset*': ('DATASETS', ),
    '*_dataloader*': ('DATA_SAMPLERS', ),
    '*_evaluator*': ('METRICS', 'EVALUATOR'),
    'model_wrapper_cfg': ('MODEL_WRAPPERS', ),
    't*_cfg': ('LOOPS', ),
    'val_cfg': ('LOOPS', ),
    'optim_wrapper*.optimizer': ('OPTIMIZERS', ),
    'optim_wrapper*': ('OPTIM_WRAPPERS', ),
    'param_scheduler*': ('PARAM_SCHEDULERS', ),
    '*_hooks*.tta_cfg*': ('MODELS', ),
    '*_hooks*': ('HOOKS', ),
    'visualizer*': ('VISUALIZERS', 'VISBACKENDS'),
    'log_processor*': ('LOG_PROCESSORS', ),
    'model.codecs*': ('TASK_UTILS', ),
    '*': ('MODELS', ),
}
# What mmengine builds where no `type` stands.
DEFAULTS = {
    'log_processor': 'LogProcessor',
    'optim_wrapper': 'OptimWrapper',
    'visualizer': 'Visualizer',
}
# Where one must stand.
TYPED = ('model', '*_dataloader.dataset', '*_dataloader.sampler',
         '*_dataloader.batch_sampler', '*_dataloader.collate_fn',
         '*_dataloader.worker_init_fn', '*pipeline.[0-9]', '*.optimizer',
         'param_scheduler.[0-9]', 'custom_hooks.[0-9]')
# Other keys that hold a name of a registry, and this registry.
NAMES = {
    'optim_wrapper*': ('constructor', 'OPTIM_WRAPPER_CONSTRUCTORS'),
    '*_hooks*': ('ema_type', 'MODELS'),
}
# Dicts whose `type` is no name of a registry.
NOT_BUILT = ('*.clip_grad', 'env_cfg*', '*_hooks*.on_trace_ready',
             '*_hooks*.schedule')
# Classes that read the dicts in them by themselves.
READS_ITSELF = ('Albu', )


def dicts(value: Any, field: str) -> Iterator[tuple[str, dict]]:
    """All dicts in a value that are of the default scope.

    Args:
        value: A part of a config.
        field: Its field.

    Yields:
        Fields and dicts.
    """
    if isinstance(value, dict):
        if value.get('_scope_') not in (None, 'mmseg', 'mmengine'):
            return  # the names of another package
        yield field, value
        if value.get('type') in READS_ITSELF:
            return
        for key, entry in value.items():
            yield from dicts(entry, f'{field}.{key}')
    elif isinstance(value, (list, tuple)):
        for i, entry in enumerate(value):
            yield from dicts(entry, f'{field}.{i}')


def places(field: str) -> tuple[str, ...]:
    """Names of the registries that a field's ``type`` is looked up in.

    Args:
        field: The field of a dict.
    """
    return next(names for place, names in PLACES.items()
                if fnmatch.fnmatchcase(field, place))


def find(name: Any, *registries: str, only: bool = False) -> Callable | None:
    """What a name in a config stands for.

    Args:
        name: For instance the ``type`` of a dict.
        registries: Where it is looked up first. Two registries may have the
            same name.
        only: Whether it is looked up nowhere else.

    Returns:
        A class or a function; None if no registry has the name.
    """
    if not isinstance(name, str):
        return name if callable(name) else None
    others = () if only else (p for ps in PLACES.values() for p in ps)
    for place in (*registries, *others):
        try:
            found = _table(place).get(name)
        except Exception:  # mmengine tries to import what it does not know
            continue
        if callable(found):
            return found
    return None


def kind_of(field: str, entry: Mapping[str, Any]) -> Callable | None:
    """What is built of a dict.

    Args:
        field: The field of the dict.
        entry: The dict.

    Returns:
        A class or a function; None if nothing is built, or it is not known.
    """
    name = entry.get('type', DEFAULTS.get(field))
    return None if fits(field, *NOT_BUILT) else find(name, *places(field))


def check_names(field: str, entry: Mapping[str, Any]) -> None:
    """Refuse names of a dict that no registry has.

    Args:
        field: The field of the dict.
        entry: The dict.

    Raises:
        UsageError: The message gives the nearest name.
    """
    if fits(field, *NOT_BUILT):
        return
    typed = fits(field, *TYPED)
    if typed and entry.get('type') is None:
        raise UsageError(f'{field} of the config lacks type')
    _check_name(f'{field}.type', entry.get('type'), *places(field), only=typed)
    for place, (key, table) in NAMES.items():
        if fits(field, place):
            _check_name(f'{field}.{key}', entry.get(key), table)


def _check_name(field: str,
                name: Any,
                *registries: str,
                only: bool = False) -> None:
    if name is None or find(name, *registries, only=only):
        return
    if '.' in str(name) and not str(name).startswith(('mmseg.', 'mmengine.')):
        return  # of a package that is imported only when it is built
    known = _names(*registries)
    near = difflib.get_close_matches(str(name).split('.')[-1], known, 1)
    if near:
        hint = f'did you mean {near[0]}?'
    else:
        own = [
            key for key, kind in known.items()
            if getattr(kind, '__module__', '').startswith('upocr_mm.')
        ]
        near = difflib.get_close_matches(str(name), own or known, 3, 0.)
        hint = (f'near to it: {", ".join(near)}; a module with names of '
                'its own must stand in custom_imports')
    raise UsageError(f'{field} of the config is {name!r}, which is not known; '
                     f'{hint}')


def fits(field: str, *patterns: str) -> bool:
    """Whether a field fits one of the patterns, as names of files do."""
    return any(fnmatch.fnmatchcase(field, pattern) for pattern in patterns)


def _table(name: str) -> Registry:
    """A registry of mmseg or, where it has none of its own, of mmengine."""
    # An empty one is false.
    package = registry if hasattr(registry, name) else mmengine.registry
    return getattr(package, name)


def _names(*registries: str) -> dict[str, Callable]:
    """All that registries and their parents have."""
    names: dict[str, Callable] = {}
    for place in registries:
        table = _table(place)
        while table is not None:
            names = {**table.module_dict, **names}
            table = table.parent
    return names
