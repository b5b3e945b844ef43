"""Read checkpoints of others without running what they may contain."""
from __future__ import annotations
import pickle
import types
from typing import Any

import torch

from ..utils import reason_of

# What data is made of. The `weights_only` of torch.load would do, but the
# older of our two stacks cannot make it accept argparse.Namespace.
ALLOWED = {
    ('argparse', 'Namespace'),
    ('builtins', 'dict'),
    ('builtins', 'set'),
    ('collections', 'OrderedDict'),
    ('collections', 'defaultdict'),
    ('pathlib', 'PosixPath'),
    ('torch', 'Size'),
    ('torch', 'device'),
    ('torch._utils', '_rebuild_parameter'),
    ('torch._utils', '_rebuild_tensor'),
    ('torch._utils', '_rebuild_tensor_v2'),
    # NumPy's scalars and arrays, as schedulers and loggers save them
    ('_codecs', 'encode'),
    ('numpy', 'dtype'),
    ('numpy', 'ndarray'),
    ('numpy.core.multiarray', '_reconstruct'),
    ('numpy.core.multiarray', 'scalar'),
    ('numpy._core.multiarray', '_reconstruct'),
    ('numpy._core.multiarray', 'scalar'),
}


class _NotDataError(pickle.UnpicklingError):
    """The name of something that is not data."""


class _Settings(dict):
    """Stands for the settings that trainings of Swin save, of yacs."""

    def __setstate__(self, state: Any) -> None:
        pass


class _DataUnpickler(pickle.Unpickler):
    """Finds nothing but the constructors of data."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ('yacs.config', 'CfgNode'):
            return _Settings
        is_storage = (
            module in ('torch', 'torch.storage') and name.endswith('Storage')
            and name.isidentifier())
        if is_storage or (module, name) in ALLOWED:
            return super().find_class(module, name)
        raise _NotDataError(f'{module}.{name}')


class _Inert:
    """Stands for an object that is not data, and does nothing."""

    def __new__(cls, *args, **kwargs) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *args, **kwargs) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Skip."""

    def extend(self, values: Any) -> None:
        """Skip."""


class _SkippingUnpickler(_DataUnpickler):
    """Puts something inert in the place of what is not data."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except _NotDataError:
            return _Inert


def _pickle_module(unpickler: type) -> types.ModuleType:
    """What torch.load asks for: a module that is used like pickle."""
    module = types.ModuleType('data_pickle')
    module.Unpickler = unpickler
    module.load = lambda file, **kwargs: unpickler(file, **kwargs).load()
    return module


def load_tensors(filename: str, skip_objects: bool = False) -> dict:
    """Load a checkpoint on the CPU, without running code from it.

    Args:
        filename: A file written by ``torch.save``, of any version. It may
            hold tensors, numbers, strings, containers of these, NumPy arrays
            and an ``argparse.Namespace``.
        skip_objects: Whether other objects, such as the log that mmengine
            saves with a checkpoint, are skipped (something inert takes their
            place) instead of refused. Their code is never run.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a checkpoint, is cut off, or (unless
            objects are skipped) holds anything but data.
    """
    try:
        content = torch.load(
            filename,
            map_location='cpu',
            pickle_module=_pickle_module(
                _SkippingUnpickler if skip_objects else _DataUnpickler),
            weights_only=False)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'the checkpoint {filename} does not exist') from None
    except _NotDataError as error:
        raise ValueError(
            f'{filename} holds {error}, which is not data: loading it could '
            'run code of whoever wrote the file; refused') from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError,
            ValueError, AttributeError, ImportError, IndexError, TypeError,
            OSError) as error:
        raise ValueError(
            f'{filename} is damaged, cut off or not a file '
            f'written by torch.save: {reason_of(error)}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{filename} holds a {type(content).__name__}, not '
                         'the dict of a checkpoint')
    return content
