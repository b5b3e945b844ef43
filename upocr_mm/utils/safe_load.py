"""Read checkpoints of others without running what they may contain.

Nothing here calls ``torch.load``: by what a file contains, it hands the file
to other readers (of TorchScript, of tar), which run code of the file or trust
it.
"""
from __future__ import annotations
import io
import json
import os
import stat
import struct
import zipfile
from argparse import Namespace
from typing import Any, BinaryIO, Callable, Iterable

import torch
from safetensors import safe_open

from .reason_of import reason_of
from .safe_tensors import Storage
from .safe_unpickler import DataUnpickler, NotDataError

# What files of torch.save begin with that are no archives.
MAGIC = [0x1950a86a20f9469cfc6c, 1001]
CHUNK = 2**24  # bytes
MAX_DEPTH = 100
# Entries of all containers, those that lie in several places counted in each:
# what a function that walks or prints the content would see.
MAX_ENTRIES = 10**7
CONTAINERS = (dict, list, tuple, set, frozenset, Namespace)
# Of a file of safetensors, as its own reader demands.
MAX_HEADER = 10**8


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
        with open_regular(filename) as file:
            content = read(file, skip_objects, map_location)
        _check_depth([[content]])
        if _entries([content], {}) > MAX_ENTRIES:
            raise ValueError('it has the same parts in too many places')
    except NotDataError as error:
        raise ValueError(
            f'{filename} holds {error}, which is not data: loading it could '
            'run code of whoever wrote the file; refused') from None
    # Any: a file can be wrong in more ways than can be listed, also such that
    # there is not enough memory for what it says of itself.
    except Exception as error:
        reason = reason_of(error) or type(error).__name__
        raise ValueError(f'{filename} is damaged, cut off or not a file '
                         'written by torch.save or safetensors: '
                         f'{reason}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{filename} holds a {type(content).__name__}, not '
                         'the dict of a checkpoint')
    return content


def _check_depth(level: list) -> None:
    """Refuse what lies in itself, or too deep for functions that recurse."""
    for _ in range(MAX_DEPTH):
        # By their ids: one object can be in many places.
        below = {
            id(child): child
            for value in level
            for child in _children(value) if isinstance(child, CONTAINERS)
        }
        level = list(below.values())
        if not level:
            return
    raise ValueError('its content is nested too deeply')


def _entries(value: Any, known: dict[int, int]) -> int:
    """Number of entries below a value, whose depth was checked."""
    if id(value) not in known:
        known[id(value)] = sum(
            1 + _entries(child, known) if isinstance(child, CONTAINERS) else 1
            for child in _children(value))
    return known[id(value)]


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, Namespace):
        return vars(value).values()
    return value.values() if isinstance(value, dict) else value


def open_regular(filename: str) -> BinaryIO:
    """Open a file for reading, unless it is a folder, a pipe or a device.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is none, or cannot be opened.
    """
    try:
        file = open(filename, 'rb', opener=_open_at_once)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'the checkpoint {filename} does not exist') from None
    except (OSError, ValueError) as error:
        raise ValueError(f'{filename} is not a file that can be read: '
                         f'{reason_of(error)}') from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError(f'{filename} is not a file that can be read: it is '
                         'a pipe or a device')
    return file


def _open_at_once(filename: str, flags: int) -> int:
    """Open a file without waiting for the other end of a pipe."""
    return os.open(filename, flags | getattr(os, 'O_NONBLOCK', 0))


def reader_of(filename: str) -> Callable[[BinaryIO, bool, Any], Any]:
    """What reads a file, by its first bytes.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no file, or nothing reads it.
    """
    with open_regular(filename) as file:
        start = file.read(9)
    if start[:4] == b'PK\x03\x04':
        return _read_zip
    if start[:1] == b'\x80':
        return _read_legacy
    if start[8:] == b'{':
        return _read_safetensors
    raise ValueError(
        f'{filename} is damaged, cut off or not a file written by torch.save '
        'or safetensors: it ' +
        (f'begins with {start[:4]!r}' if start else 'is empty'))


def _read_zip(file: BinaryIO, skip_objects: bool, map_location: Any) -> Any:
    """Read an archive, as torch.save writes it since 1.6."""
    storages: dict[str, torch.UntypedStorage] = {}
    move = torch.serialization._get_restore_location(map_location)

    def storage(key: str, dtype: torch.dtype, location: str,
                numel: int) -> Storage:
        if f'data/{key}' not in records:
            raise ValueError(f'the archive has no data/{key}')
        info = records[f'data/{key}']
        if info.file_size != numel * dtype.itemsize:
            raise ValueError(f'the size of {info.filename} is wrong')
        if key not in storages:
            with archive.open(info) as stream:
                memory = _filled(stream, info.file_size)
            storages[key] = move(memory.untyped_storage(), location)
        return Storage(storages[key], dtype, numel)

    with zipfile.ZipFile(file) as archive:
        records = _records(archive, os.fstat(file.fileno()).st_size)
        # A wrong checksum does not always show in the content.
        altered = archive.testzip()
        if altered is not None:
            raise ValueError(f'the checksum of {altered} is wrong')
        order = records.get('byteorder')
        if order is not None and archive.read(order) != b'little':
            raise ValueError('its numbers are in another order of bytes')
        content = io.BytesIO(archive.read(records['data.pkl']))
        return DataUnpickler(content, storage, skip_objects).load()


def _records(archive: zipfile.ZipFile,
             size: int) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by their names, without that of its folder.

    An archive can be made such that two programs see two different ones in
    it, so that what one of them checked is not what the other reads. What
    torch.save writes leaves no choice, and nothing else is accepted.
    """
    infos = archive.infolist()
    names = [info.filename.partition('/')[2] for info in infos]
    # Also as other systems would spell them.
    if any(name.lower() == 'constants.pkl' or name.lower().startswith('code/')
           for name in names):
        raise NotDataError('a program (TorchScript)')
    if 'data.pkl' not in names:
        raise ValueError('the archive has no data.pkl')
    if len({info.filename.lower()
            for info in infos}) != len(infos) or len(
                {info.filename.partition('/')[0]
                 for info in infos}) != 1:
        raise ValueError('the archive has two files of one name, or two '
                         'folders')
    if any(info.compress_type != zipfile.ZIP_STORED
           or info.compress_size != info.file_size or info.flag_bits & 1
           for info in infos):
        raise ValueError('the archive is compressed or encrypted')
    archive.fp.seek(-22, os.SEEK_END)
    end = archive.fp.read()
    if sum(info.file_size for info in infos) > size:
        raise ValueError('the files of the archive overlap')
    if min(info.header_offset for info in infos) != 0 or end[:4] != (
            b'PK\5\6') or end[20:] != bytes(2):
        raise ValueError('the archive has something before or after its files')
    _check_end(archive, end)
    return dict(zip(names, infos))


def _check_end(archive: zipfile.ZipFile, end: bytes) -> None:
    """Check that the list of files ends where its end says."""
    count, length, start = struct.unpack('<HII', end[10:20])
    position = archive.fp.tell() - 22
    archive.fp.seek(position - 76)
    wide = archive.fp.read(76)
    if wide[:4] == b'PK\6\6' and wide[56:60] == b'PK\6\7':
        # Files and lists of any size have another end before it, to which
        # a locator points.
        wide_count, wide_length, wide_start = struct.unpack(
            '<QQQ', wide[32:56])
        where, = struct.unpack('<Q', wide[64:72])
        position -= 76
        if where != position or count not in (
                wide_count, 0xffff) or length not in (
                    wide_length, 2**32 - 1) or start not in (wide_start,
                                                             2**32 - 1):
            raise ValueError('the archive has two ends that differ')
        count, length, start = wide_count, wide_length, wide_start
    if start + length != position or count != len(archive.infolist()):
        raise ValueError('the list of files of the archive is damaged')


def _read_legacy(file: BinaryIO, skip_objects: bool, map_location: Any) -> Any:
    """Read pickles, behind which the storages are, as of before 1.6."""
    storages: dict[str, tuple[Storage, torch.Tensor]] = {}
    move = torch.serialization._get_restore_location(map_location)
    room = os.fstat(file.fileno()).st_size

    def storage(key: str, dtype: torch.dtype, location: str,
                numel: int) -> Storage:
        nonlocal room
        if key not in storages:
            room -= numel * dtype.itemsize
            if room < 0:
                raise EOFError('the end is missing')
            memory = torch.zeros(numel * dtype.itemsize, dtype=torch.uint8)
            untyped = move(memory.untyped_storage(), location)
            storages[key] = Storage(untyped, dtype, numel), memory
        known = storages[key][0]
        if (dtype, numel) != (known.dtype, known.numel):
            raise ValueError(f'the storage {key} is of two kinds')
        return known

    def load() -> Any:
        return DataUnpickler(file, storage, skip_objects).load()

    if [load(), load()] != MAGIC:
        raise ValueError('it begins with other numbers')
    system = load()
    if not isinstance(system, dict) or not system.get('little_endian', True):
        raise ValueError('its numbers are in another order of bytes')
    content = load()
    keys = load()
    if not isinstance(keys, list) or sorted(keys) != sorted(storages):
        raise ValueError('its storages are not those of its tensors')
    for key in keys:
        known, memory = storages[key]
        numel, = struct.unpack('<q', file.read(8))
        if numel != known.numel:
            raise ValueError(f'the size of the storage {key} is wrong')
        _fill(file, memory)
        if known.untyped.device.type != 'cpu':
            known.untyped.copy_(memory.untyped_storage())
    return content


def _filled(stream: BinaryIO, size: int) -> torch.Tensor:
    memory = torch.empty(size, dtype=torch.uint8)
    _fill(stream, memory)
    return memory


def _fill(stream: BinaryIO, memory: torch.Tensor) -> None:
    """Read bytes into a tensor, without a second copy of all of them."""
    view = memoryview(memory.numpy())
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:done + CHUNK])
        if not count:
            raise EOFError('the end is missing')
        done += count


def _read_safetensors(file: BinaryIO, skip_objects: bool,
                      map_location: Any) -> dict:
    length, = struct.unpack('<Q', file.read(8))
    if length > MAX_HEADER:
        raise ValueError('the header is too long')
    # Of two tensors of one name, programs read one or the other.
    json.loads(file.read(length), object_pairs_hook=_different)
    with safe_open(file.name, framework='pt') as content:
        tensors = {key: content.get_tensor(key) for key in content.keys()}
        meta = json.loads((content.metadata() or {}).get('meta', '{}'))
    if isinstance(map_location, (str, torch.device)):
        tensors = {k: v.to(map_location) for k, v in tensors.items()}
    return dict(state_dict=tensors, meta=meta)


def _different(pairs: list[tuple[str, Any]]) -> dict:
    """A dict, unless a name is there twice."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError('the header has a name twice')
    return dict(pairs)
