from __future__ import annotations
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from tiny_files import write_text

from upocr_mm.datasets.conversion.raw_files import (DamagedArchiveError,
                                                    RawFiles)


def tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, 'w:gz' if path.suffix != '.tar' else 'w') as out:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize('name', ['a.tar.gz', 'a.tgz', 'a.tar'])
def test_tar(tmp_path: Path, name: str) -> None:
    path = tar(tmp_path / name, {
        './image/1.jpg': b'one',
        './image/2.jpg': b'three'
    })
    raw = RawFiles([path], tmp_path / 'skip')
    assert [(f.parts, f.size)
            for f in raw.files] == [(('a', 'image', '1.jpg'), 3),
                                    (('a', 'image', '2.jpg'), 5)]
    assert raw.files[1].origin == f'{path}: ./image/2.jpg'
    assert raw.files[1].read() == b'three'
    (tmp_path / 'unpacked').mkdir()
    raw.unpack(raw.files[1:], tmp_path / 'unpacked')
    assert sum(f.is_file() for f in (tmp_path / 'unpacked').rglob('*')) == 1
    raw.files[1].copy_to(tmp_path / 'copy')
    assert (tmp_path / 'copy').read_bytes() == b'three'


def test_names_that_lead_out_and_litter_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        for name in ('image/1.jpg', '../image/2.jpg', '__MACOSX/image/3.jpg',
                     'image/._1.jpg', 'image/'):
            archive.writestr(name, b'')
    write_text(tmp_path / '.hidden' / '4.jpg', '')
    write_text(tmp_path / 'image' / '.DS_Store', '')
    raw = RawFiles([tmp_path], tmp_path / 'skip')
    assert [f.parts for f in raw.files] == [('a', 'image', '1.jpg')]


@pytest.mark.parametrize('name', ['a.zip', 'a.tar.gz'])
def test_cut_off(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = bytes(i * i % 251 for i in range(5000))
    if name == 'a.zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('1.jpg', content)
    else:
        tar(path, {'1.jpg': content})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(
            DamagedArchiveError,
            match=f'{name} is damaged or cut off, download it again'):
        RawFiles([path], tmp_path / 'skip')


def test_damaged_inside(tmp_path: Path) -> None:
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('1.jpg', b'right')
    path.write_bytes(path.read_bytes().replace(b'right', b'wrong'))
    raw = RawFiles([path], tmp_path / 'skip')
    with pytest.raises(DamagedArchiveError, match=r'\(at 1.jpg\), download'):
        raw.files[0].copy_to(tmp_path / 'copy')


def test_encrypted(tmp_path: Path) -> None:
    path = tmp_path / 'train.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('1.jpg', b'')
    content = bytearray(path.read_bytes())
    # The flags of the entry in the central directory: bit 0, encrypted.
    content[content.index(b'PK\x01\x02') + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DamagedArchiveError, match='protected by a password'):
        RawFiles([path], tmp_path / 'skip')


def test_not_an_archive(tmp_path: Path) -> None:
    write_text(tmp_path / 'a.rar', '')
    with pytest.raises(ValueError, match='a.rar is neither a folder nor one'):
        RawFiles([tmp_path / 'a.rar'], tmp_path / 'skip')
    raw = RawFiles([tmp_path], tmp_path / 'skip')
    assert raw.foreign == [tmp_path / 'a.rar'] and raw.files == []
