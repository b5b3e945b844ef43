"""Read checkpoints of others without running what they may contain."""
from __future__ import annotations
import json
import pickle
import types
import zipfile
import zlib
from typing import Any, Callable

import torch
from mmengine.logging import HistoryBuffer
from safetensors import SafetensorError, safe_open

from .reason_of import reason_of

# What data is made of. The `weights_only` of torch.load would do, but the
# older of our two stacks cannot make it accept argparse.Namespace.
ALLOWED = {
    ('argparse', 'Namespace'),
    ('builtins', 'dict'),
    ('builtins', 'set'),
    ('collections', 'Counter'),
    ('collections', 'OrderedDict'),
    ('collections', 'defaultdict'),
    ('pathlib', 'PosixPath'),
    ('mmengine.logging.history_buffer', 'HistoryBuffer'),
    ('torch', 'Size'),
    ('torch', 'Tensor'),
    ('torch', 'device'),
    ('torch._tensor', '_rebuild_from_type_v2'),
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

# Dicts of settings, whose classes need not be there.
SETTINGS = {
    ('addict.addict', 'Dict'),
    ('mmcv.utils.config', 'ConfigDict'),
    ('mmengine.config.config', 'ConfigDict'),
    ('yacs.config', 'CfgNode'),
}
# What HistoryBuffer saves of itself, by `getattr`.
STATISTICS = ('min', 'max', 'current', 'mean')


class _NotDataError(pickle.UnpicklingError):
    """The name of something that is not data."""


class _Settings(dict):
    """Stands for the settings that trainings save."""

    def __setstate__(self, state: Any) -> None:
        pass


def _getattr(owner: Any, name: str) -> Any:
    """The only attributes that are asked for in a checkpoint of mmengine."""
    if owner is HistoryBuffer and name in STATISTICS:
        return getattr(owner, name)
    raise _NotDataError('builtins.getattr')


class _DataUnpickler(pickle.Unpickler):
    """Finds nothing but the constructors of data."""

    def find_class(self, module: str, name: str) -> Any:
        # Its name in the protocols that torch.save writes.
        module = module.replace('__builtin__', 'builtins')
        if (module, name) in SETTINGS:
            return _Settings
        if (module, name) == ('builtins', 'getattr'):
            return _getattr
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


def load_tensors(filename: str,
                 skip_objects: bool = False,
                 map_location: Any = 'cpu') -> dict:
    """Load a checkpoint without running code from it.

    Args:
        filename: A file written by ``torch.save``, of any version, or a file
            of safetensors. It may hold tensors, numbers, strings, containers
            of these, NumPy arrays, an ``argparse.Namespace`` and what mmengine
            saves of a training.
        skip_objects: Whether other objects are skipped (something inert takes
            their place) instead of refused. Their code is never run.
        map_location: Device of the tensors, as for ``torch.load``.

    Returns:
        Its content; of a file of safetensors ``state_dict`` and ``meta``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not a checkpoint, is altered or cut off, or
            (unless objects are skipped) holds anything but data.
    """
    read = reader_of(filename)
    try:
        content = read(filename, skip_objects, map_location)
    except _NotDataError as error:
        raise ValueError(
            f'{filename} holds {error}, which is not data: loading it could '
            'run code of whoever wrote the file; refused') from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError,
            ValueError, AttributeError, ImportError, IndexError, TypeError,
            OSError, zipfile.BadZipFile, zlib.error, SafetensorError) as error:
        raise ValueError(
            f'{filename} is damaged, cut off or not a file '
            f'written by torch.save: {reason_of(error)}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{filename} holds a {type(content).__name__}, not '
                         'the dict of a checkpoint')
    return content


def reader_of(filename: str) -> Callable[[str, bool, Any], Any]:
    """What reads a file, by its first bytes.

    torch.load hands some archives to loaders that run code of the file
    (TorchScript) or trust it (tar, of before 0.4).
    """
    try:
        with open(filename, 'rb') as file:
            start = file.read(9)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'the checkpoint {filename} does not exist') from None
    except OSError as error:
        raise ValueError(f'{filename} is not a file that can be read: '
                         f'{reason_of(error)}') from None
    if start[:4] == b'PK\x03\x04':
        return _read_zip
    if start[:1] == b'\x80':
        return _read_pickle
    if start[8:] == b'{':
        return _read_safetensors
    raise ValueError(
        f'{filename} is damaged, cut off or not a file written by torch.save: '
        f'it begins with {start[:4]!r}')


def _read_zip(filename: str, skip_objects: bool, map_location: Any) -> Any:
    with zipfile.ZipFile(filename) as archive:
        names = {name.partition('/')[2] for name in archive.namelist()}
        if 'constants.pkl' in names or any(
                n.startswith('code/') for n in names):
            raise _NotDataError('a program (TorchScript)')
        if 'data.pkl' not in names:
            raise ValueError('the archive has no data.pkl')
        # PyTorch does not look at the checksums.
        altered = archive.testzip()
    if altered is not None:
        raise ValueError(f'the checksum of {altered} is wrong')
    return _read_pickle(filename, skip_objects, map_location)


def _read_pickle(filename: str, skip_objects: bool, map_location: Any) -> Any:
    unpickler = _SkippingUnpickler if skip_objects else _DataUnpickler
    return torch.load(
        filename,
        map_location=map_location,
        pickle_module=_pickle_module(unpickler),
        weights_only=False)


def _read_safetensors(filename: str, skip_objects: bool,
                      map_location: Any) -> dict:
    with safe_open(filename, framework='pt') as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}
        meta = json.loads((file.metadata() or {}).get('meta', '{}'))
    if isinstance(map_location, (str, torch.device)):
        tensors = {k: v.to(map_location) for k, v in tensors.items()}
    return dict(state_dict=tensors, meta=meta)
