"""Read pickles that can only make data."""
from __future__ import annotations
import argparse
import pickle
from collections import Counter, OrderedDict, defaultdict
from pathlib import PosixPath
from typing import Any, BinaryIO, Callable, Iterable

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from . import safe_tensors as tensors
from .safe_tensors import STORAGES, Storage

# What HistoryBuffer saves of itself, by `getattr`.
STATISTICS = ('min', 'max', 'current', 'mean')


class NotDataError(pickle.UnpicklingError):
    """The name of something that is not data."""


class Name:
    """Stands for a class or a function that a pickle names.

    The class itself is never handed out: a pickle could change it.

    Args:
        text: The name.
        make: Makes of arguments what it stands for.
    """
    __slots__ = ('text', 'make')

    def __init__(self, text: str, make: Callable) -> None:
        self.text = text
        self.make = make


class Settings(dict):
    """Stands for the settings that trainings save."""


class Inert:
    """Stands for an object that is not data, and does nothing."""


def _no_call(*args) -> Any:
    raise pickle.UnpicklingError('a name that is only an argument is called')


def _what(value: Any) -> str:
    return value.text if type(value) is Name else f'a {type(value).__name__}'


def _named(value: Any, *names: str) -> bool:
    return type(value) is Name and value.text in names


def _make_defaultdict(factory: Any = None, *args) -> defaultdict:
    if factory is not None and not _named(factory, 'builtins.dict',
                                          'builtins.set'):
        raise pickle.UnpicklingError('a defaultdict with an odd factory')
    is_dict = _named(factory, 'builtins.dict')
    return defaultdict(factory and (dict if is_dict else set), *args)


def _make_history() -> HistoryBuffer:
    return HistoryBuffer()


def _make_path(*parts) -> PosixPath:
    if not all(type(part) is str for part in parts):
        raise pickle.UnpicklingError('a path that is not of text')
    return PosixPath(*parts)


def _make_attribute(owner: Any, name: Any) -> Name:
    """The only attributes that are asked for in a checkpoint of mmengine.

    They are those that every HistoryBuffer has, so that no value is needed.
    """
    if _named(owner, HISTORY) and type(name) is str and name in STATISTICS:
        return Name(f'{HISTORY}.{name}', _no_call)
    raise NotDataError('builtins.getattr')


def _make_bytes(text: str = '', encoding: str = 'latin1') -> bytes:
    """Bytes, as pickles of old protocols write them."""
    if type(text) is not str or encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError('bytes in another encoding')
    return text.encode('latin-1')


def _make_tensor_of_type(function: Any, kind: Any, args: Any,
                         state: Any) -> torch.Tensor:
    """A tensor with attributes of Python, which are dropped."""
    if not _named(kind, 'torch.Tensor') or not _named(function, *REBUILDS):
        raise pickle.UnpicklingError('a tensor of an odd class')
    return function.make(*args)


def _make_old_parameter(data: Any, requires_grad: Any = True) -> Any:
    """A parameter, as PyTorch wrote it before 0.4: the file of VGG-16."""
    return tensors.rebuild_parameter(data, requires_grad, None)


def _make_size(size: Any) -> torch.Size:
    return torch.Size(tensors.shape_of(tuple(size)))


def _make_device(*args) -> torch.device:
    return torch.device(*args)


HISTORY = 'mmengine.logging.history_buffer.HistoryBuffer'
REBUILDS = {
    'torch._utils._rebuild_parameter': tensors.rebuild_parameter,
    'torch._utils._rebuild_tensor': tensors.rebuild_tensor,
    'torch._utils._rebuild_tensor_v2': tensors.rebuild_tensor_v2,
}
# What data is made of. The `weights_only` of torch.load would do, but the
# older of our two stacks cannot make it accept argparse.Namespace.
MAKERS = {
    'argparse.Namespace': argparse.Namespace,
    'builtins.bytes': _make_bytes,
    'builtins.dict': dict,
    'builtins.getattr': _make_attribute,
    'builtins.set': set,
    'collections.Counter': Counter,
    'collections.OrderedDict': OrderedDict,
    'collections.defaultdict': _make_defaultdict,
    'pathlib.PosixPath': _make_path,
    HISTORY: _make_history,
    **{
        f'{HISTORY}.{name}': _no_call
        for name in STATISTICS
    },
    'torch.Size': _make_size,
    'torch.Tensor': _no_call,
    'torch.device': _make_device,
    'torch._tensor._rebuild_from_type_v2': _make_tensor_of_type,
    'torch.nn.parameter.Parameter': _make_old_parameter,
    **REBUILDS,
    # NumPy's scalars and arrays, as schedulers and loggers save them
    '_codecs.encode': _make_bytes,
    'numpy.dtype': tensors.make_dtype,
    'numpy.ndarray': _no_call,
    'numpy.core.multiarray._reconstruct': tensors.make_array,
    'numpy.core.multiarray.scalar': tensors.make_scalar,
    'numpy._core.multiarray._reconstruct': tensors.make_array,
    'numpy._core.multiarray.scalar': tensors.make_scalar,
    # Dicts of settings, whose classes need not be there.
    'addict.addict.Dict': Settings,
    'mmcv.utils.config.ConfigDict': Settings,
    'mmengine.config.config.ConfigDict': Settings,
    'yacs.config.CfgNode': Settings,
    # Only named in persistent ids.
    **{
        f'{module}.{name}': _no_call
        for module in ('torch', 'torch.storage')
        for name in STORAGES
    },
}  # yapf: disable


def _build_namespace(space: argparse.Namespace, state: Any) -> None:
    if type(state) is not dict or not all(type(key) is str for key in state):
        raise pickle.UnpicklingError('a Namespace with an odd state')
    vars(space).update(state)


def _build_history(history: HistoryBuffer, state: Any) -> None:
    """Only the numbers; its methods are those of its class."""
    logs, counts = state['_log_history'], state['_count_history']
    length = state['max_length']
    if any(
            type(a) is not np.ndarray or a.ndim != 1
            or a.dtype.kind not in 'iuf' for a in (logs, counts)) or len(
                logs) != len(counts) or type(length) is not int or length < 1:
        raise pickle.UnpicklingError('a HistoryBuffer with an odd state')
    history.max_length = length
    history._log_history, history._count_history = logs, counts


def _build_ordered(ordered: OrderedDict, state: Any) -> None:
    """Only the versions of modules, which are saved beside weights."""
    versions = state.get('_metadata')
    if isinstance(versions, dict) and all(
            isinstance(entry, dict)
            and isinstance(entry.get('version'), (int, type(None)))
            for entry in versions.values()):
        ordered._metadata = versions


def _skip(value: Any, state: Any) -> None:
    pass


# What may get a state, of exactly these classes.
BUILDERS = {
    argparse.Namespace:
    _build_namespace,
    HistoryBuffer:
    _build_history,
    Inert:
    _skip,
    OrderedDict:
    _build_ordered,
    Settings:
    _skip,
    np.ndarray:
    tensors.build_array,
    # Of old parameters: whether they are trained, and hooks.
    torch.nn.Parameter:
    _skip,
}
MAX_KEY = 10**5
DICTS = (dict, OrderedDict, Counter, defaultdict, Settings)
# What changes or calls something is defined below; these only read values and
# move them about.
PLAIN_OPCODES = [
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.NONE, pickle.NEWFALSE,
    pickle.NEWTRUE, pickle.INT, pickle.BININT, pickle.BININT1, pickle.BININT2,
    pickle.LONG, pickle.LONG1, pickle.LONG4, pickle.FLOAT, pickle.BINFLOAT,
    pickle.STRING, pickle.BINSTRING, pickle.SHORT_BINSTRING, pickle.BINBYTES,
    pickle.SHORT_BINBYTES, pickle.BINBYTES8, pickle.UNICODE, pickle.BINUNICODE,
    pickle.SHORT_BINUNICODE, pickle.BINUNICODE8, pickle.TUPLE, pickle.TUPLE1,
    pickle.TUPLE2, pickle.TUPLE3, pickle.EMPTY_TUPLE, pickle.EMPTY_LIST,
    pickle.EMPTY_DICT, pickle.EMPTY_SET, pickle.LIST, pickle.DICT,
    pickle.FROZENSET, pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.BINPERSID,
    pickle.GET, pickle.BINGET, pickle.LONG_BINGET, pickle.PUT, pickle.BINPUT,
    pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.POP, pickle.POP_MARK,
    pickle.DUP, pickle.MARK
]
PLAIN_DISPATCH = {
    code[0]: pickle._Unpickler.dispatch[code[0]]
    for code in PLAIN_OPCODES
}


class _Exact:
    """Reads what is asked for, or fails.

    pickle takes what is cut off for shorter.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.readline = file.readline

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError('the end is missing')
        return data


def _refuse(unpickler: pickle._Unpickler) -> None:
    raise pickle.UnpicklingError('an instruction that data do not need')


def _check_keys(keys: Iterable[Any]) -> None:
    """Refuse keys whose hash takes for ever: tuples of tuples of tuples..."""
    for key in keys:
        todo, seen = [key], 0
        while todo:
            value = todo.pop()
            if type(value) in (tuple, frozenset):
                seen += len(value)
                if seen > MAX_KEY:
                    raise pickle.UnpicklingError('a key of too many parts')
                todo.extend(value)


# The one in C would give the states of a pickle to any class or function.
class DataUnpickler(pickle._Unpickler):
    """Makes nothing but data.

    Args:
        file: The file, at the beginning of a pickle. It is read to its end.
        storage: Makes a storage of key, dtype, location and number of
            elements.
        skip_objects: Whether something inert takes the place of what is not
            data.
    """
    dispatch = {**dict.fromkeys(range(256), _refuse), **PLAIN_DISPATCH}

    def __init__(self,
                 file: BinaryIO,
                 storage: Callable[[str, torch.dtype, str, int], Storage],
                 skip_objects: bool = False) -> None:
        super().__init__(_Exact(file), encoding='utf-8')
        self.storage = storage
        self.skip_objects = skip_objects

    def find_class(self, module: str, name: str) -> Name:
        # Its name in the protocols that torch.save writes.
        if module == '__builtin__':
            module = 'builtins'
        text = f'{module}.{name}'
        if text in MAKERS:
            return Name(text, MAKERS[text])
        if self.skip_objects:
            return Name(text, lambda *args: Inert())
        raise NotDataError(text)

    def persistent_load(self, pid: Any) -> Any:
        if type(pid) is not tuple or not pid:
            raise pickle.UnpicklingError('a persistent id that is no tuple')
        if self.skip_objects and pid[0] == 'module' and len(pid) > 1:
            # A class with its source, of old files.
            return pid[1]
        if pid[0] != 'storage' or len(pid) not in (5, 6) or any(pid[5:]):
            raise pickle.UnpicklingError('a persistent id of no storage')
        kind, key, location, numel = pid[1:5]
        dtype = None
        if type(kind) is Name:
            dtype = STORAGES.get(kind.text.rpartition('.')[2])
        if dtype is None or type(key) is not str or type(
                location) is not str or type(numel) is not int or numel < 0:
            raise pickle.UnpicklingError('a storage that is not known')
        return self.storage(key, dtype, location, numel)

    def _made(self, name: Any, args: Any) -> Any:
        if type(name) is Inert:
            return name
        if type(name) is not Name or type(args) is not tuple:
            raise pickle.UnpicklingError('something is called that is no name')
        try:
            return name.make(*args)
        except NotDataError:
            if not self.skip_objects:
                raise
            return Inert()

    def load_frozenset(self) -> None:
        _check_keys(self.stack)
        super().load_frozenset()

    def load_reduce(self) -> None:
        args = self.stack.pop()
        # Sets and dicts are also made of what they are called with.
        for arg in args if type(args) is tuple else ():
            if type(arg) in (list, tuple, set, frozenset):
                _check_keys(arg)
        self.stack[-1] = self._made(self.stack[-1], args)

    def load_newobj_ex(self) -> None:
        named = self.stack.pop()
        if named and not self.skip_objects:
            raise pickle.UnpicklingError('something is made of named values')
        self.load_reduce()

    def load_build(self) -> None:
        state = self.stack.pop()
        value = self.stack[-1]
        if isinstance(value, np.dtype):
            build = tensors.build_dtype
        elif type(value) in BUILDERS:
            build = BUILDERS[type(value)]
        else:
            raise pickle.UnpicklingError(f'it would change {_what(value)}')
        build(value, state)

    def _target(self, *kinds: type) -> Any:
        """What is on top of the stack, to put something into it.

        Of what is inert, something to throw away.
        """
        value = self.stack[-1]
        if type(value) is Inert:
            return kinds[0]()
        if type(value) not in kinds:
            raise pickle.UnpicklingError(
                f'something is put into {_what(value)}')
        return value

    def load_append(self) -> None:
        item = self.stack.pop()
        self._target(list).append(item)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self._target(list).extend(items)

    def load_additems(self) -> None:
        items = self.pop_mark()
        _check_keys(items)
        self._target(set).update(items)

    def load_setitem(self) -> None:
        item = self.stack.pop()
        key = self.stack.pop()
        _check_keys([key])
        self._target(*DICTS)[key] = item

    def load_setitems(self) -> None:
        items = self.pop_mark()
        _check_keys(items[::2])
        target = self._target(*DICTS)
        for key, item in zip(items[::2], items[1::2]):
            target[key] = item

    dispatch.update({
        pickle.FROZENSET[0]: load_frozenset,
        pickle.REDUCE[0]: load_reduce,
        pickle.NEWOBJ[0]: load_reduce,
        pickle.NEWOBJ_EX[0]: load_newobj_ex,
        pickle.BUILD[0]: load_build,
        pickle.APPEND[0]: load_append,
        pickle.APPENDS[0]: load_appends,
        pickle.ADDITEMS[0]: load_additems,
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
    })
