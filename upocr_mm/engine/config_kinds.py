"""Which kinds of values the fields of a config hold, as two tables."""
from __future__ import annotations
import fnmatch
import inspect
import multiprocessing
import re
from os import PathLike
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from mmengine.fileio.backends import backends
from mmengine.runner.priority import Priority
from torch.distributed import Backend

from ..utils import UsageError

LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'WARN', 'FATAL',
          'NOTSET')
# Words of annotations that say nothing of the kind.
PLAIN = {'class', 'typing', 'Optional', 'Union', 'None', 'NoneType'}
# Which packages for other devices add to those of PyTorch.
OTHER_BACKENDS = ('hccl', 'smddp', 'cncl', 'ccl', 'lccl', 'mccl')
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


class Kind(NamedTuple):
    """What a value must be.

    Args:
        words: The same as a sentence has it, after "must be".
        allows: Whether a value is one.
        none: Whether None is allowed as well.
    """
    words: str
    allows: Callable[[Any], bool]
    none: bool = True


def _is_dicts(value: Any) -> bool:
    entries = value if isinstance(value, (list, tuple)) else [value]
    return all(isinstance(entry, dict) for entry in entries)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: Any) -> bool:
    return ((_is_integer(value) or isinstance(value, float))
            and 0 < value <= 1e9)


def _is_priority(value: Any) -> bool:
    if isinstance(value, str):
        return value.upper() in Priority.__members__
    return _is_integer(value) and 0 <= value <= 100


def _is_names(value: Any) -> bool:
    return isinstance(
        value, str) or (isinstance(value, (list, tuple))
                        and all(isinstance(entry, str) for entry in value))


def _is_pairs(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2
        and all(map(_is_integer, pair)) and pair[0] >= 0 and pair[1] >= 1
        for pair in value)


def _is_indices(value: Any) -> bool:
    return _is_integer(value) or isinstance(value, (list, tuple)) and all(
        map(_is_integer, value))


def _is_backend(value: Any) -> bool:
    """One name or, for several kinds of devices, `cpu:gloo,cuda:nccl`."""
    known = {*Backend.backend_list, *OTHER_BACKENDS} - {'undefined'}
    return isinstance(value, str) and all(
        part.rpartition(':')[2] in known for part in value.split(','))


def _integer(low: int, high: int) -> Kind:
    return Kind(f'an integer from {low} to {high}',
                lambda value: _is_integer(value) and low <= value <= high)


def _one_of(*names: str) -> Kind:
    return Kind(f'one of {", ".join(names)}', lambda value: value in names)


DICT = Kind('a dict', lambda value: isinstance(value, dict))
DICTS = Kind('a dict or a list of dicts', _is_dicts)
LIST = Kind('a list of dicts',
            lambda v: isinstance(v, (list, tuple)) and _is_dicts(v))
FUNCTION = Kind('a dict',
                lambda value: isinstance(value, dict) or callable(value))
TEXT = Kind('text or None', lambda value: isinstance(value, (str, PathLike)))
NAME_LIST = Kind('text or a list of text', _is_names)
SWITCH = Kind('True or False', lambda value: value in (True, False))

# Of whole fields; a star stands for one name.
FIELDS: dict[str, Kind] = {
    'load_from': TEXT,
    'work_dir': TEXT,
    'experiment_name': TEXT,
    'resume': SWITCH,
    'launcher': _one_of(*LAUNCHERS),
    'log_level': Kind(f'one of {", ".join(LEVELS)}',
                      lambda value: value in LEVELS or _is_integer(value)),
    'default_scope': TEXT,
    'strategy': DICT,
    'activation_checkpointing': NAME_LIST,
    'efficient_conv_bn_eval': NAME_LIST,
    'custom_imports': DICT,
    'custom_imports.imports': NAME_LIST,
    'compile': Kind('True, False or a dict', lambda value:
                    isinstance(value, (bool, dict))),
    'randomness': DICT,
    'env_cfg': DICT,
    'env_cfg.cudnn_benchmark': SWITCH,
    'env_cfg.resource_limit': _integer(1, 2**31 - 1),
    'env_cfg.mp_cfg': DICT,
    'env_cfg.mp_cfg.mp_start_method':
    _one_of(*multiprocessing.get_all_start_methods()),
    'env_cfg.mp_cfg.opencv_num_threads': _integer(-1, 1024),
    'env_cfg.dist_cfg': DICT,
    'env_cfg.dist_cfg.backend': Kind(
        f'one of {", ".join(Backend.backend_list[1:])}, or device:backend,...',
        _is_backend),
    'env_cfg.dist_cfg.timeout': Kind('a number of seconds above 0',
                                     _is_seconds),
    'model_wrapper_cfg': DICT,
    'model_wrapper_cfg.type': Kind('the name of a class', lambda value:
                                   value is not None, none=False),
    'default_hooks': DICT,
    'default_hooks.*': DICT,
    'custom_hooks': LIST,
    'param_scheduler': DICTS,
    'optim_wrapper*': DICT,
    'optim_wrapper*.optimizer': DICT,
    'optim_wrapper*.clip_grad': DICT,
    'optim_wrapper*.clip_grad.type': _one_of('norm', 'value'),
    'optim_wrapper*.paramwise_cfg': DICT,
    'optim_wrapper*.paramwise_cfg.custom_keys': DICT,
    'optim_wrapper*.paramwise_cfg.custom_keys.*': DICT,
    'optim_wrapper*.dtype': _one_of('float16', 'bfloat16', 'float32',
                                    'float64'),
    '*_cfg': DICT,
    'train_cfg.dynamic_intervals': Kind(
        'a list of pairs of integers: a step, and an interval of at least 1',
        _is_pairs),
    '*_dataloader': DICT,
    '*_dataloader.dataset': DICT._replace(none=False),
    '*_dataloader.generator': Kind('None', lambda value: False),
    '*_dataloader.worker_init_fn': FUNCTION,
    '*_dataloader.dataset.datasets': DICTS,
    '*_dataloader.dataset.datasets.*': DICT,
    '*_dataloader.multiprocessing_context':
    _one_of(*multiprocessing.get_all_start_methods()),
    '*_dataloader.sampler': DICT,
    '*_dataloader.batch_sampler': DICT,
    '*_dataloader.collate_fn': FUNCTION._replace(none=False),
    '*_evaluator': DICTS,
    '*_evaluator.metrics': DICTS,
    '*_evaluator.metrics.*': DICTS,
    'log_processor': DICT,
    'log_processor.custom_cfg': LIST,
    'visualizer': DICT,
    'visualizer.vis_backends': LIST,
    'vis_backends': LIST,
    'model': DICT,
    'model.backbone': DICT,
    'model.decode_head': DICTS,
    'model.task_prompt': DICT,
    'model.data_preprocessor': DICT,
    'model.test_cfg': DICT,
    'model.trainable': Kind('a list of text', lambda value: _is_names(value)
                            and not isinstance(value, str)),
    'model.codecs': DICT,
    'model.codecs.*': DICT,
    'model.losses': DICT,
    'model.losses.*': DICT,
    'model.losses.*.*': DICT,
    'tta_model': DICT,
}  # yapf: disable
# Of names anywhere, and of those below them.
NAMES: dict[str, Kind] = {
    'backend_args': DICT,
    'backend_args.backend': _one_of(*backends),
    'data_prefix': DICT,
    'data_root': TEXT,
    'ann_file': TEXT,
    'filename_tmpl': TEXT,
    'indices': Kind('an integer or a list of integers', _is_indices),
    'init_cfg': DICTS,
    'out_dir': TEXT,
    '*pipeline': LIST,
    'priority': Kind('an integer from 0 to 100 or one of '
                     f'{", ".join(Priority.__members__)}', _is_priority),
}  # yapf: disable


def check_kinds(field: str, value: Any) -> None:
    """Refuse, for instance, numbers where dicts must be, also further inside.

    Args:
        field: A field of the config.
        value: What stands there.

    Raises:
        UsageError: The message names the field, the value and what is
            allowed.
    """
    for kind in _kinds_of(field):
        if not (kind.none and value is None or kind.allows(value)):
            raise UsageError(f'{field} must be {kind.words}, but got '
                             f'{value!r}')
    if isinstance(value, dict):
        if value.get('_scope_') in (None, 'mmseg', 'mmengine'):
            for key, entry in value.items():
                check_kinds(f'{field}.{key}', entry)
    elif isinstance(value, (list, tuple)):
        for i, entry in enumerate(value):
            if isinstance(entry, (dict, list, tuple)):
                check_kinds(f'{field}.{i}', entry)


def _kinds_of(field: str) -> Iterator[Kind]:
    path = field.split('.')
    for table, anywhere in ((FIELDS, False), (NAMES, True)):
        for pattern, kind in table.items():
            names = pattern.split('.')
            found = path[-len(names):] if anywhere else path
            if len(names) == len(found) and all(
                    map(fnmatch.fnmatchcase, found, names)):
                yield kind


def check_plain(field: str, entry: Mapping[str, Any],
                parameters: Mapping[str, inspect.Parameter | None],
                own: bool) -> None:
    """Refuse text where a class has numbers or switches, and the reverse.

    Args:
        field: The field of a dict.
        entry: The dict.
        parameters: Of the class that is built of it.
        own: Whether the class is of this project; the annotations of others
            say less than they take where they say text.

    Raises:
        UsageError: The message names the field, the value and what is
            allowed.
    """
    for key, value in entry.items():
        found = parameters.get(key)
        if found is None or value is None:
            continue
        words = set(re.findall(r'\w+', str(found.annotation))) - PLAIN
        text = isinstance(value, (str, PathLike))
        if words == {'bool'}:
            wanted = None if value in (True, False) else 'True or False'
        elif isinstance(found.default, bool):
            wanted = 'True or False' if text else None
        elif words and words <= {'bool', 'int', 'float'}:
            # The norm of infinity is also a word.
            wanted = 'a number' if text and value != 'inf' else None
        else:
            wanted = 'text' if own and words == {'str'} and not text else None
        if wanted:
            raise UsageError(f'{field}.{key} must be {wanted}, but got '
                             f'{value!r}')
