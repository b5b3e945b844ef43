"""Which arguments what is built of a dict of a config takes."""
from __future__ import annotations
import inspect
from typing import Any, Callable, Mapping, NamedTuple

from mmengine.dist import init_dist
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.utils import import_modules_from_strings
from mmengine.utils.dl_utils import set_multi_processing
from torch.distributed import init_process_group
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from .config_parts import fits

# Packages whose classes take exactly the arguments that they list, and the
# dicts that are taken apart before (by mmcv and mmengine).
EXACT = ('upocr_mm', 'mmengine', 'mmseg')
NOT_EXACT = ('*init_cfg*', 'model.*_cfg*')
OPTIMIZERS = ('torch.optim', 'torch.distributed.optim')
# Of Runner's environment.
ENVIRONMENT = ('cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit')


class Arguments(NamedTuple):
    """What may stand in a dict.

    Args:
        parameters: The arguments that are known, with their annotations and
            defaults where there are any; nothing if none are.
        exact: Whether there are no others.
        required: Those without a default.
    """
    parameters: dict[str, inspect.Parameter | None]
    exact: bool = False
    required: tuple[str, ...] = ()


def arguments_of(field: str, entry: Mapping[str, Any],
                 kind: Callable | None) -> Arguments:
    """What may stand in a dict of a config.

    Args:
        field: The field of the dict.
        entry: The dict.
        kind: What its ``type`` names, if anything.
    """
    if field == 'randomness':
        return _of_functions(Runner.set_randomness)
    if field == 'env_cfg':
        return Arguments(dict.fromkeys(ENVIRONMENT), True)
    if field == 'env_cfg.mp_cfg':
        return _of_functions(set_multi_processing)
    if field == 'env_cfg.dist_cfg':
        found = _of_functions(init_dist, init_process_group)
        found.parameters['port'] = None  # of Slurm alone
        return found
    if field == 'custom_imports':
        return _of_functions(import_modules_from_strings)
    if fits(field, 'optim_wrapper*.clip_grad'):
        found = _of_functions(clip_grad_norm_, clip_grad_value_)
        del found.parameters['parameters']
        return found
    if field.endswith('_dataloader'):
        # mmengine's build_dataloader has one more.
        found = _of_class(DataLoader)._replace(exact=True, required=())
        found.parameters['num_batch_per_epoch'] = None
        return found
    if field == 'optim_wrapper':
        # Of several optimizers, their names stand here as well.
        found = _of_class(kind or OptimWrapper)
        return found._replace(exact=found.exact and 'constructor' not in entry)
    if not inspect.isclass(kind):
        return Arguments({})
    found = _of_class(kind)
    known = (
        kind.__module__.split('.')[0] in EXACT or field == 'model_wrapper_cfg')
    return found._replace(
        exact=found.exact and known and not fits(field, *NOT_EXACT))


def _of_class(kind: type) -> Arguments:
    """The arguments of a class, also those that it hands on."""
    parameters: dict[str, inspect.Parameter | None] = {}
    required: tuple[str, ...] = ()
    for base in kind.__mro__:
        if '__init__' not in vars(base):
            continue
        found = _of_functions(base.__init__, exact=False)
        parameters = {**found.parameters, **parameters}
        required = required or found.required
        if found.exact:
            # Such a base may have got the rest as one dict.
            exact = not base.__module__.startswith(OPTIMIZERS)
            return Arguments(parameters, exact, required)
    return Arguments(parameters, False, required)


def _of_functions(*functions: Callable, exact: bool = True) -> Arguments:
    """Of functions that share a dict; exact as well if none takes others."""
    found = [
        p for function in functions
        for p in inspect.signature(function).parameters.values()
    ]
    named = {
        p.name: p
        for p in found
        if p.kind not in (p.VAR_POSITIONAL,
                          p.VAR_KEYWORD) and p.name not in ('self', 'args',
                                                            'kwargs')
    }
    return Arguments(
        named, exact or all(p.kind != p.VAR_KEYWORD for p in found),
        tuple(name for name, p in named.items() if p.default is p.empty))
