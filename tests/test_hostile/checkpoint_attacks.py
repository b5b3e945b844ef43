"""Checkpoints that were made by hand to attack whoever reads them."""
from __future__ import annotations
import io
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Callable, Tuple

import torch
from checkpoint_files import FEW, NAME, Maker, safetensors, saved
from harness import CANARY

MAGIC = 0x1950a86a20f9469cfc6c
HISTORY = 'mmengine.logging.history_buffer HistoryBuffer'
NUMPY = 'numpy.core.multiarray'
NONE, TRUE, FALSE, MARK = b'N', b'\x88', b'\x89', b'('


# The parts of a pickle. Each puts one value on the stack.
def text(value: str) -> bytes:
    return b'X' + struct.pack('<I', len(value.encode())) + value.encode()


def raw(value: bytes) -> bytes:
    return b'C' + bytes([len(value)]) + value


def number(value: int) -> bytes:
    data = value.to_bytes(17, 'little', signed=True)
    return b'\x8a' + bytes([len(data)]) + data


def name(both: str) -> bytes:
    module, _, what = both.rpartition(' ')
    return f'c{module}\n{what}\n'.encode()


def row(*values: bytes) -> bytes:
    return MARK + b''.join(values) + b't'


def sizes(*values: int) -> bytes:
    return row(*map(number, values))


def mapping(**values: bytes) -> bytes:
    return b'}(' + b''.join(text(k) + v for k, v in values.items()) + b'u'


# A pair of pairs of pairs...: each level is the one below, twice.
TOWER = number(1) + b'2\x86' * 45
PARTS = 'a key of too many parts'


def call(what: str | bytes, *values: bytes) -> bytes:
    what = name(what) if isinstance(what, str) else what
    return what + row(*values) + b'R'


def state(what: str | bytes, value: bytes) -> bytes:
    """The instruction BUILD."""
    return (name(what) if isinstance(what, str) else what) + value + b'b'


def whole(part: bytes) -> bytes:
    """A pickle of a good checkpoint that also has the part."""
    return b'\x80\x02' + mapping(
        state_dict=mapping(a=number(1)), part=part) + b'.'


def zipped(content: bytes, **files: bytes) -> bytes:
    """An archive like that of torch.save."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        archive.writestr('archive/data.pkl', content)
        archive.writestr('archive/version', '3\n')
        for key, value in files.items():
            archive.writestr(f'archive/data/{key[1:]}', value)
    return buffer.getvalue()


def attack(part: bytes) -> Maker:
    """An archive with a storage of four numbers, and the part."""
    return file_of(lambda folder: zipped(whole(part), _0=bytes(16)))


def file_of(content: Callable[[Path], bytes]) -> Maker:
    return lambda folder: (folder / NAME).write_bytes(content(folder))


def pickles(*contents: bytes, end: bytes = b'') -> bytes:
    """A file of before torch 1.6."""
    start = [
        pickle.dumps(value, 2)
        for value in (MAGIC, 1001, dict(little_endian=True))
    ]
    return b''.join([*start, *contents]) + end


def legacy(part: bytes, keys: object = (), end: bytes = b'') -> Maker:
    return file_of(lambda folder: pickles(
        whole(part), pickle.dumps(list(keys), 2), end=end))


def storage(numel: int = 4,
            key: str = '0',
            kind: str = 'torch FloatStorage',
            *rest: bytes) -> bytes:
    return row(
        text('storage'), name(kind), text(key), text('cpu'), number(numel), *
        rest) + b'Q'


def tensor(offset: bytes = number(0),
           size: bytes = sizes(4),
           stride: bytes = sizes(1),
           *rest: bytes,
           of: bytes = storage()) -> bytes:
    rest = rest or (FALSE, mapping())
    return call('torch._utils _rebuild_tensor_v2', of, offset, size, stride,
                *rest)


def dtype(kind: str = 'f4', value: bytes | None = None) -> bytes:
    if value is None:
        value = row(
            number(3), text('<'), NONE, NONE, NONE, number(-1), number(-1),
            number(0))
    return state(call('numpy dtype', text(kind), FALSE, TRUE), value)


def array(kind: bytes = dtype(), shape: bytes = sizes(2),
          data: bytes = raw(bytes(8))) -> bytes:  # yapf: disable
    return state(
        call(f'{NUMPY} _reconstruct', name('numpy ndarray'), sizes(0),
             raw(b'b')), row(number(1), shape, kind, FALSE, data))


def record_dtype() -> bytes:
    """One whose flags hide that its bytes are pointers to objects."""
    field = call('numpy dtype', text('O8'), FALSE, TRUE)
    return dtype(
        'V8',
        row(
            number(3), text('|'), NONE, row(text('a')),
            mapping(a=row(field, number(0))), number(8), number(1),
            number(16)))


def history(**values: bytes) -> bytes:
    known = dict(
        max_length=number(9), _log_history=array(), _count_history=array())
    return state(call(HISTORY), mapping(**{**known, **values}))


def patch(folder: Path) -> None:
    """torch.load would write a patch, of this name, of changed sources."""
    what = 'argparse Namespace'
    names = mapping(dump_patches=TRUE, __name__=text(str(folder / CANARY)))
    source = row(text('module'), name(what), text('a.py'), text('of others'))
    legacy(row(state(what, row(NONE, names)), source + b'Q'))(folder)


class _Program(torch.nn.Module):
    """Makes a file when it is loaded."""
    __constants__ = ['path']

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.a = torch.ones(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> Tuple[torch.Tensor, bool]:
        return self.a, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[torch.Tensor, bool]) -> None:
        self.training = state[1]
        self.a = torch.from_file(
            self.path, True, 8, dtype=torch.uint8).fill_(65).float()


def program(folder: Path) -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(_Program(str(folder / CANARY))), buffer)
    (folder / CANARY).unlink(missing_ok=True)
    return buffer.getvalue()


def end_of(content: bytes) -> tuple[int, int, int]:
    """Position of the end of an archive; size and start of its list."""
    position = content.rindex(b'PK\5\6')
    return (position, *struct.unpack('<II', content[position + 12:][:8]))


def polyglot(folder: Path) -> bytes:
    """A program for torch, and a checkpoint for Python.

    Its end has one list of files just before it, and names the place of
    another one, of the same length. Python takes the first, and shifts all
    places accordingly.
    """
    outer = program(folder)
    position, length, start = end_of(outer)
    end, names = outer[position:], outer[start:start + length]
    count, = struct.unpack('<H', end[10:12])
    inner = zipped(whole(NONE), **{f'_{n}': b'' for n in range(count - 2)})
    _, inner_length, inner_start = end_of(inner)
    own = bytearray(inner[inner_start:inner_start + inner_length])
    # The last one gets a comment, so that both lists are of one length.
    space = length - len(own)
    struct.pack_into('<H', own, own.rindex(b'PK\1\2') + 32, space)
    own += bytes(space)
    before = outer[:start] + names
    shift = len(before) + inner_start - start
    place = own.find(b'PK\1\2')
    while place >= 0:
        header, = struct.unpack_from('<I', own, place + 42)
        struct.pack_into('<I', own, place + 42,
                         (len(before) + header - shift) % 2**32)
        place = own.find(b'PK\1\2', place + 4)
    return before + inner[:inner_start] + bytes(own) + end


def good(folder: Path | None = None) -> bytes:
    return zipped(whole(tensor()), _0=bytes(16))


def with_comment(folder: Path) -> bytes:
    return good()[:-2] + struct.pack('<H', 5) + b'other'


def with_wide_end(folder: Path) -> bytes:
    """The end for large files, and that for small ones, differ."""
    content = good()
    position, length, start = end_of(content)
    count, = struct.unpack('<H', content[position + 10:][:2])
    wide = struct.pack('<4sQHHIIQQQQ', b'PK\6\6', 44, 45, 45, 0, 0, count,
                       count, length, start + 1)
    locator = struct.pack('<4sIQI', b'PK\6\7', 0, position, 1)
    return content[:position] + wide + locator + content[position:]


def changed(place: int, form: str, value: int) -> Maker:
    """The end of an archive says something else."""

    def make(folder: Path) -> bytes:
        content = bytearray(good())
        struct.pack_into(form, content, end_of(content)[0] + place, value)
        return bytes(content)

    return file_of(make)


def with_file(file: str, value: bytes = b'x', **options) -> Maker:
    """A good checkpoint with one more file."""

    def make(folder: Path) -> None:
        (folder / NAME).write_bytes(good())
        with zipfile.ZipFile(folder / NAME, 'a') as archive:
            archive.writestr(file, value, **options)

    return make


def other_names(folder: Path) -> bytes:
    """A file has another name in the list than before its content."""
    content = good()
    return content.replace(b'archive/version', b'archive/Version', 1)


def encrypted(folder: Path) -> bytes:
    content = bytearray(good())
    for mark, place in ((b'PK\3\4', 6), (b'PK\1\2', 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


def overlapping(folder: Path) -> bytes:
    """Many files, which all are the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        archive.writestr('archive/data.pkl', whole(NONE))
        archive.writestr('archive/data/0', bytes(4096))
        one = archive.infolist()[-1]
        for n in range(1, 9):
            twin = zipfile.ZipInfo(f'archive/data/{n}')
            for field in ('file_size', 'compress_size', 'CRC',
                          'header_offset'):
                setattr(twin, field, getattr(one, field))
            archive.filelist.append(twin)
    return buffer.getvalue()


def twice(folder: Path) -> None:
    """A name of safetensors twice; programs take the first or the last."""
    field = '"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}'
    safetensors(lambda header, data: (f'{{{field},{field}}}'.encode(), data))(
        folder)


def deep(count: int) -> bytes:
    return b']' * count + b'a' * (count - 1)


UNREADABLE = 'written by torch.save or safetensors: .'
BEYOND = 'a tensor reaches beyond its storage'
ODD = 'an odd size'
NO_STORAGE = 'a persistent id of no storage'
AROUND = 'something before or after its files'
LIST = 'the list of files of the archive is damaged'
NOT_NEEDED = 'an instruction that data do not need'
# What each does, and what is said of it.
ATTACKS = {
    # Changes of the process
    'state of a class': (attack(state('torch Tensor', row(NONE, mapping(
        cuda=name('builtins dict'))))), 'would change torch.Tensor'),
    'state of a function': (attack(state(
        'torch._utils _rebuild_tensor_v2', row(NONE, mapping(
            __defaults__=NONE)))), 'would change torch._utils._rebuild_t'),
    'state of a path': (attack(state('pathlib PosixPath', row(NONE, mapping(
        exists=name('builtins set'))))), 'would change pathlib.PosixPath'),
    'state of getattr': (attack(state(call(
        'builtins getattr', name(HISTORY), text('min')), row(NONE, mapping(
            __defaults__=NONE)))), 'would change .*HistoryBuffer.min'),
    'state of a state': (attack(state(state(
        call('argparse Namespace'), mapping(a=NONE)), row(mapping(), mapping(
            __class__=name('builtins set'))))), 'Namespace with an odd state'),
    'state of a list': (attack(state(b']', mapping(a=NONE))),
                        'would change a list'),
    'state of a tensor': (attack(state(tensor(), row(
        storage(), number(9), sizes(4), sizes(1)))), 'would change a Tensor'),
    'state of a dict': (attack(state(b'}', mapping(a=NONE))),
                        'would change a dict'),
    'item of a class': (attack(name('torch Tensor') + text('a') + NONE + b's'),
                        'put into torch.Tensor'),
    'item of a list': (attack(b']' + number(0) + NONE + b's'),
                       'put into a list'),
    'item of an array': (attack(array() + number(9**9) + number(1) + b's'),
                         'put into a ndarray'),
    'item of a tensor': (attack(tensor() + number(9) + number(1) + b's'),
                         'put into a Tensor'),
    'appended to a dict': (attack(b'}' + NONE + b'a'), 'put into a dict'),
    'appended to a class': (attack(name('collections Counter') + NONE + b'a'),
                            'put into collections.Counter'),
    'extends a path': (attack(call('pathlib PosixPath', text('a')) + MARK
                              + NONE + b'e'), 'put into a PosixPath'),
    'added to a list': (attack(b']' + MARK + NONE + b'\x90'),
                        'put into a list'),
    # Calls
    'call of a value': (attack(call(call('argparse Namespace'))),
                        'something is called that is no name'),
    'call of a tensor class': (attack(call(
        'torch Tensor', number(2**31), number(64))), 'a name that is only'),
    'call of an attribute': (attack(call(call(
        'builtins getattr', name(HISTORY), text('mean')), NONE)),
        'a name that is only'),
    'arguments no tuple': (attack(name('builtins dict') + b']R'),
                           'something is called that is no name'),
    'named arguments': (attack(name('torch device') + b')' + mapping(
        type=text('cuda')) + b'\x92'), UNREADABLE),
    'arguments of a log': (attack(call(HISTORY, b']')), 'positional argument'),
    'factory': (attack(call('collections defaultdict', name('torch device'))),
                'defaultdict with an odd factory'),
    'codec': (attack(call('_codecs encode', text('a'), text('idna'))),
              'bytes in another encoding'),
    # Instructions
    'INST': (attack(b'(iargparse\nNamespace\n'), NOT_NEEDED),
    'OBJ': (attack(MARK + name('builtins dict') + b'o'), NOT_NEEDED),
    'EXT1': (attack(b'\x82\x01'), NOT_NEEDED),
    'PERSID': (attack(b'Pa\n'), NOT_NEEDED),
    'NEXT_BUFFER': (attack(b'\x97'), NOT_NEEDED),
    'empty stack': (attack(b'0' * 9), UNREADABLE),
    'unknown in the memo': (attack(b'h\x63'), UNREADABLE),
    'huge text': (attack(b'\x8d' + struct.pack('<Q', 2**62)), 'the end'),
    'huge bytes': (attack(b'\x8e' + struct.pack('<Q', 2**63 - 1)), UNREADABLE),
    'huge frame': (attack(b'\x95' + struct.pack('<Q', 2**62)), UNREADABLE),
    'deep': (attack(deep(50_000)), 'nested too deeply'),
    'cycle': (attack(b']q\x00h\x00a'), 'nested too deeply'),
    # Persistent ids
    'id a text': (attack(text('x') + b'Q'), 'persistent id that is no tuple'),
    'id of another kind': (attack(row(text('other'), number(1)) + b'Q'),
                           NO_STORAGE),
    'id too short': (attack(row(text('storage')) + b'Q'), NO_STORAGE),
    'id of a view': (attack(storage(4, '0', 'torch FloatStorage', row(
        text('v'), number(0), number(1)))), NO_STORAGE),
    'id without a class': (attack(row(text('storage'), text('x'), text('0'),
                                      text('cpu'), number(4)) + b'Q'),
                           'a storage that is not known'),
    'id of another class': (attack(storage(kind='argparse Namespace')),
                            'a storage that is not known'),
    'negative storage': (attack(storage(-4)), 'a storage that is not known'),
    'no such storage': (attack(storage(key='../version')),
                        'the archive has no data/../version'),
    'size of a storage': (attack(storage(9)), 'the size of .* is wrong'),
    'dtype of a storage': (attack(storage(kind='torch DoubleStorage')),
                           'the size of .* is wrong'),
    # Tensors
    'size': (attack(tensor(size=sizes(5))), BEYOND),
    'stride': (attack(tensor(size=sizes(2), stride=sizes(4))), BEYOND),
    'offset': (attack(tensor(number(1))), BEYOND),
    'offset of nothing': (attack(tensor(number(5), sizes(0))), BEYOND),
    'fewer strides': (attack(tensor(size=sizes(2, 2))), BEYOND),
    'negative offset': (attack(tensor(number(-1), sizes(1))), ODD),
    'negative size': (attack(tensor(size=sizes(-1))), ODD),
    'negative stride': (attack(tensor(stride=sizes(-1))), ODD),
    'size overflows': (attack(tensor(size=sizes(2**40, 2**40, 0),
                                     stride=sizes(1, 1, 1))), ODD),
    'size no number': (attack(tensor(size=row(text('4')))), ODD),
    'stride 0': (attack(tensor(size=sizes(2**31), stride=sizes(0))),
                 'a tensor is larger than its storage'),
    'no storage': (attack(tensor(of=b']')), 'a tensor has no storage'),
    'lazy': (attack(tensor(number(0), sizes(4), sizes(1), FALSE, NONE,
                           mapping(conj=TRUE))), 'not computed yet'),
    'parameter of a list': (attack(call('torch._utils _rebuild_parameter',
                                        b']', TRUE, NONE)),
                            'a parameter is no tensor'),
    'other subclass': (attack(call(
        'torch._tensor _rebuild_from_type_v2', name('builtins dict'),
        name('torch Tensor'), row(), NONE)), 'a tensor of an odd class'),
    'size of text': (attack(call('torch Size', row(text('a')))), ODD),
    # Arrays
    'objects in a record': (attack(array(record_dtype())), "dtype 'V8'"),
    'objects': (attack(array(dtype('O8'))), "dtype 'O8'"),
    'list of dtypes': (attack(call('numpy dtype', b']', FALSE, TRUE)),
                       'an array of the dtype'),
    'fields of numbers': (attack(array(dtype('f4', row(
        number(3), text('|'), NONE, row(text('a')), mapping(a=NONE),
        number(4), number(1), number(0))))), 'an array of an unknown dtype'),
    'array too large': (attack(array(shape=sizes(999))),
                        'another size than its bytes'),
    'array negative': (attack(array(shape=sizes(-1, -2))), ODD),
    'array overflows': (attack(array(shape=sizes(2**40, 2**40, 0),
                                     data=raw(b''))), ODD),
    'array of a list': (attack(array(data=b']')), 'not made of bytes'),
    'array twice': (attack(state(array(), row(
        number(1), sizes(1), dtype(), FALSE, raw(bytes(4))))),
        'an array with an odd state'),
    'array of no characters': (attack(array(
        dtype('U1'), sizes(1), raw(b'AAAA'))), 'utf-32-le'),
    'truth values': (attack(array(dtype('b1'), sizes(4), raw(b'\0\1\7\0'))),
                     'truth values'),
    'scalar too large': (attack(call(f'{NUMPY} scalar', dtype('f8'),
                                     raw(b'x'))),
                         'another size than its bytes'),
    'scalar of objects': (attack(call(f'{NUMPY} scalar', dtype('O8'),
                                      raw(bytes(8)))), "dtype 'O8'"),
    'logs of lists': (attack(history(_log_history=b']')),
                      'HistoryBuffer with an odd state'),
    'logs of two lengths': (attack(history(_count_history=array(
        shape=sizes(1), data=raw(bytes(4))))),
        'HistoryBuffer with an odd state'),
    # Few bytes, and endless to whoever walks, prints or hashes them
    'tower': (attack(TOWER), 'the same parts in too many places'),
    'tower as a key': (attack(b'}' + TOWER + NONE + b's'), PARTS),
    'tower in keys': (attack(b'}(' + TOWER + NONE + b'u'), PARTS),
    'tower in a set': (attack(call('builtins set', b']' + TOWER + b'a')),
                       PARTS),
    'tower in a new set': (attack(b'\x8f(' + TOWER + b'\x90'), PARTS),
    'tower in a frozenset': (attack(MARK + TOWER + b'\x91'), PARTS),
    'tower in pairs': (attack(call('collections OrderedDict', b'](' + row(
        TOWER, NONE) + b'e')), PARTS),
    # Archives
    'two archives': (file_of(polyglot), AROUND),
    'before': (file_of(lambda folder: b'PK\3\4' + good()), AROUND),
    'program before': (file_of(lambda folder: program(folder) + good()),
                       AROUND),
    'after': (file_of(lambda folder: good() + bytes(9)), AROUND),
    'comment': (file_of(with_comment), AROUND),
    'two ends': (file_of(lambda folder: good()
                         + good()[end_of(good())[0]:]), UNREADABLE),
    'two ends of sizes': (file_of(with_wide_end), UNREADABLE),
    'start of the list': (changed(16, '<I', 9), UNREADABLE),
    'length of the list': (changed(12, '<I', 60), UNREADABLE),
    'count': (changed(10, '<H', 1), LIST),
    'same name': (with_file('archive/data/0'), 'two files of one name'),
    'same name but for case': (with_file('archive/DATA.pkl'),
                               'two files of one name'),
    'two folders': (with_file('other/data.pkl'), 'two folders'),
    'other names': (file_of(other_names), 'archive/version is wrong'),
    'encrypted': (file_of(encrypted), 'compressed or encrypted'),
    'bomb': (with_file('archive/data/1', bytes(2**22),
                       compress_type=zipfile.ZIP_DEFLATED),
             'compressed or encrypted'),
    'overlap': (file_of(overlapping), '[Oo]verlap'),
    'byteorder': (with_file('archive/byteorder', b'big'),
                  'another order of bytes'),
    # Files of before 1.6
    'patch': (patch, 'would change argparse.Namespace'),
    'no storages': (legacy(tensor()), 'storages are not those'),
    'more storages': (legacy(NONE, ['1']), 'storages are not those'),
    'storages twice': (legacy(tensor(), ['0', '0']),
                       'storages are not those'),
    'length of a storage': (legacy(tensor(), ['0'], struct.pack('<q', 2**40)),
                            'the size of the storage 0 is wrong'),
    'storage cut off': (legacy(tensor(), ['0'], struct.pack('<q', 4)
                               + bytes(9)), 'the end is missing'),
    'storage too large': (legacy(storage(2**50)), 'the end is missing'),
    'storage of two kinds': (legacy(row(storage(), storage(
        kind='torch IntStorage')), ['0']), 'is of two kinds'),
    # Others
    'name twice': (twice, 'the header has a name twice'),
    'deep header': (safetensors(lambda header, data: (
        b'{"a":' + b'[' * 100_000, data)), UNREADABLE),
    'pipe': (lambda folder: os.mkfifo(folder / NAME), 'a pipe or a device'),
    'device': (lambda folder: (folder / NAME).symlink_to('/dev/zero'),
               'a pipe or a device'),
}  # yapf: disable
# What would run something or is not known, by its name. Where objects are
# skipped, it is skipped.
REFUSED_NAMES = {
    'copyreg': (attack(call('copyreg _reconstructor', name(
        'builtins dict'), name('builtins dict'), NONE)),
        'copyreg._reconstructor'),
    'program': (file_of(program), r'a program \(TorchScript\)'),
    'Code': (with_file('archive/Code/a.py'), r'a program \(TorchScript\)'),
    'Constants': (with_file('archive/CONSTANTS.pkl'),
                  r'a program \(TorchScript\)'),
    'attribute of a tensor': (attack(call('builtins getattr', name(
        'torch Tensor'), text('tofile'))), 'builtins.getattr'),
    'other attribute': (attack(call('builtins getattr', name(HISTORY), text(
        'register_statistics'))), 'builtins.getattr'),
    'path of a name': (attack(name('torch serialization.os.system')),
                       'torch.serialization.os.system'),
    'sparse': (attack(call('torch._utils _rebuild_sparse_tensor', NONE)),
               'torch._utils._rebuild_sparse_tensor'),
    'quantized': (attack(call('torch._utils _rebuild_qtensor', NONE)),
                  'torch._utils._rebuild_qtensor'),
    'storage of a file': (attack(call('torch.storage _load_from_bytes', raw(
        b''))), 'torch.storage._load_from_bytes'),
}  # yapf: disable
# Odd, but harmless; what becomes of the part.
HARMLESS = {
    'hooks': (attack(tensor(number(0), sizes(4), sizes(1), TRUE, mapping(
        a=name('builtins dict')))), r'tensor\(\[0.*requires_grad=True'),
    'methods of a log': (attack(history(statistics_methods=mapping(
        mean=name('builtins dict')))), 'HistoryBuffer'),
    'attributes of a dict': (attack(state(call(
        'collections OrderedDict'), mapping(items=NONE, _metadata=NONE))),
        r'OrderedDict\(\)'),
    'attributes of settings': (attack(state(call(
        'mmengine.config.config ConfigDict'), mapping(items=NONE))), '{}'),
    'large index of the memo': (attack(NONE + b'r\xff\xff\xff\x7f'), 'None'),
    'array': (attack(array()), r'array\(\[0., 0.\]'),
    'no bytes': (attack(call('builtins bytes')), "b''"),
    'new format': (lambda folder: torch.save(
        dict(state_dict=FEW, part=3), folder / NAME), '3'),
    'old format': (saved(dict(state_dict=FEW, part=torch.ones(2, 2).T),
                         _use_new_zipfile_serialization=False), 'tensor'),
}  # yapf: disable
