"""Checkpoints that nobody should load, or that only look odd."""
from __future__ import annotations
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Callable

import torch
from harness import CANARY, Payload
from safetensors.torch import save_file

Maker = Callable[[Path], Any]
NAME = 'a.pth'
FEW = dict(a=torch.ones(2))


def saved(content: Any, **options) -> Maker:
    """Makes a checkpoint of what it shall hold."""
    return lambda folder: torch.save(content, folder / NAME, **options)


def written(content: bytes) -> Maker:
    """Makes a file of some bytes."""
    return lambda folder: (folder / NAME).write_bytes(content)


def payload(where: str, legacy: bool = False) -> Maker:
    """An object that runs a command, in a place of a checkpoint."""

    def make(folder: Path) -> None:
        content = dict(state_dict=dict(FEW), meta={}, message_hub={})
        content[where] = Payload(folder)
        torch.save(
            content, folder / NAME, _use_new_zipfile_serialization=not legacy)

    return make


def bare_pickle(folder: Path) -> None:
    (folder / NAME).write_bytes(
        pickle.dumps(dict(state_dict=Payload(folder)), protocol=2))


def config_text(folder: Path) -> None:
    """mmengine executes ``meta['config']`` of old checkpoints."""
    text = f'open({str(folder / CANARY)!r}, "w")\ngpu_ids = [0, 1]'
    torch.save(
        dict(state_dict=dict(FEW), meta=dict(config=text, iter=1)),
        folder / NAME)


class _Script(torch.nn.Module):

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


def torchscript(folder: Path) -> None:
    torch.jit.save(torch.jit.script(_Script()), folder / NAME)


def hidden_torchscript(folder: Path) -> None:
    """A checkpoint with a program beside its data."""
    saved(dict(state_dict=dict(FEW)))(folder)
    with zipfile.ZipFile(folder / NAME, 'a') as archive:
        archive.writestr('archive/code/__torch__.py', 'x = 1')


def plain_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / NAME, 'w') as archive:
        archive.writestr('weights.txt', 'none')


def old_tar(folder: Path) -> None:
    """As torch wrote them before 0.4; torch.load trusts them."""
    (folder / 'pickle').write_bytes(pickle.dumps(Payload(folder)))
    with tarfile.open(folder / NAME, 'w') as archive:
        archive.add(folder / 'pickle', 'pickle')
    (folder / 'pickle').unlink()


def cut_off(folder: Path) -> None:
    saved(dict(state_dict=dict(a=torch.ones(999))))(folder)
    content = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(content[:-200])


def altered(folder: Path) -> None:
    """One bit of a weight; torch does not look at checksums."""
    saved(dict(state_dict=dict(a=torch.full((64, ), 3.))))(folder)
    content = bytearray((folder / NAME).read_bytes())
    weights = torch.full((64, ), 3.).numpy().tobytes()
    content[content.index(weights) + 9] ^= 1
    (folder / NAME).write_bytes(content)


def safetensors(change: Callable[[dict, bytes], tuple[Any, bytes]]) -> Maker:
    """A file of safetensors with another header or other data."""

    def make(folder: Path) -> None:
        save_file(dict(a=torch.ones(4)), folder / NAME, dict(meta='{}'))
        content = (folder / NAME).read_bytes()
        size, = struct.unpack('<Q', content[:8])
        header, data = change(
            json.loads(content[8:8 + size]), content[8 + size:])
        text = header if isinstance(header,
                                    bytes) else json.dumps(header).encode()
        (folder / NAME).write_bytes(struct.pack('<Q', len(text)) + text + data)

    return make


def _tensor(**fields) -> Maker:
    return safetensors(lambda header, data:
                       (dict(header, a=dict(header['a'], **fields)), data))


def _huge_header(folder: Path) -> None:
    safetensors(lambda header, data: (header, data))(folder)
    content = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(struct.pack('<Q', 2**62) + content[8:])


# Each runs code in torch.load; what refuses it.
PROGRAMS = {
    'pickle': (payload('state_dict'), 'posix.system, which is not data'),
    'pickle, legacy': (payload('state_dict',
                               True), 'posix.system, which is not data'),
    'pickle in meta': (payload('meta'), 'posix.system, which is not data'),
    'pickle without torch': (bare_pickle, 'posix.system, which is not data'),
    'TorchScript': (torchscript, r'a program \(TorchScript\)'),
    'hidden TorchScript': (hidden_torchscript, r'a program \(TorchScript\)'),
    'tar': (old_tar, 'is damaged, cut off or not'),
}
# What is no checkpoint, with what is said of it.
NO_CHECKPOINTS = {
    'zip': (plain_zip, 'the archive has no data.pkl'),
    'list': (saved([1, 2]), 'holds a list, not the dict'),
    'tensor': (saved(torch.ones(2)), 'holds a Tensor, not the dict'),
    'None': (saved(None), 'holds a NoneType, not the dict'),
    'unknown protocol': (written(b'\x80\x63}q\x00.'), 'is damaged, cut off'),
    'empty': (written(b''), 'is damaged, cut off'),
    'page': (written(b'<html>not found</html>'), 'is damaged, cut off'),
    'picture': (written(b'\x89PNG\r\n\x1a\n' + bytes(99)), 'is damaged, cut'),
    'zeros': (written(bytes(4096)), 'is damaged, cut off'),
    'zip header': (written(b'PK\x03\x04' + bytes(99)), 'is damaged, cut off'),
    'pickle header': (written(b'\x80\x02'), 'is damaged, cut off'),
    'cut off': (cut_off, 'is damaged, cut off'),
    'altered': (altered, 'the checksum of .* is wrong'),
    'huge header': (_huge_header, 'is damaged, cut off'),
    'header no JSON': (safetensors(lambda h, d: (b'{"a": nothing}', d)),
                       'is damaged, cut off'),
    'header a list': (safetensors(lambda h, d: (b'{"a": []}', d)),
                      'is damaged, cut off'),
    'shape': (_tensor(shape=[9, 9]), 'is damaged, cut off'),
    'negative shape': (_tensor(shape=[-4]), 'is damaged, cut off'),
    'huge shape': (_tensor(shape=[2**40, 2**40]), 'is damaged, cut off'),
    'offsets': (_tensor(data_offsets=[0, 999]), 'is damaged, cut off'),
    'offsets backwards': (_tensor(data_offsets=[16, 0]),
                          'is damaged, cut off'),
    'dtype': (_tensor(dtype='F77'), 'is damaged, cut off'),
    'data cut off': (safetensors(lambda h, d: (h, d[:-4])),
                     'is damaged, cut off'),
    'more data': (safetensors(lambda h, d: (h, d + bytes(8))),
                  'is damaged, cut off'),
    'meta no JSON': (safetensors(
        lambda h, d: (dict(h, __metadata__=dict(meta='{')), d)),
                     'is damaged, cut off'),
    'folder': (lambda folder: (folder / NAME).mkdir(),
               'is not a file that can be read'),
}  # yapf: disable
