from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest

from upocr_mm.apis.sources import find_sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ('b.png', 'a.JPG', 'notes.txt', '.hidden.png', 'sub/c.tif',
                 'sub/deep/d.png', '.git/e.png'):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'x')
    return tmp_path


def names(*args, **kwargs) -> list[str]:
    return [str(found.relative) for found in find_sources(*args, **kwargs)]


def test_folders(folder: Path) -> None:
    expected = ['a.JPG', 'b.png', 'sub/c.tif', 'sub/deep/d.png']
    assert names(folder) == names(str(folder)) == expected
    assert names(folder, recursive=False) == ['a.JPG', 'b.png']


def test_patterns_keep_their_folders(folder: Path) -> None:
    assert names(f'{folder}/*.png') == ['b.png']
    assert names(f'{folder}/**/*.png') == ['b.png', 'sub/deep/d.png']
    with pytest.raises(FileNotFoundError, match='no file matches'):
        names(f'{folder}/*.webp')


def test_one_file_and_lists(folder: Path) -> None:
    array = np.zeros((2, 2))
    url = (folder / 'b.png').as_uri()
    assert names(folder / 'sub/c.tif') == ['c.tif']
    assert names([folder / 'b.png', array,
                  url]) == ['b.png', '000001', 'b.png']
    # a name that looks like a pattern
    (folder / '[1].png').write_bytes(b'x')
    assert names(folder / '[1].png') == ['[1].png']


def test_errors(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.png does not exist'):
        names(folder / 'none.png')
    (folder / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='empty has no pictures'):
        names(folder / 'empty')
    with pytest.raises(ValueError, match='of URLs only file:'):
        names('https://example.com/a.png')
