from __future__ import annotations
import csv
import os
from pathlib import Path

import pytest

from upocr_mm.synthesis.assets.asset_folder import AssetFolder


def make(root: Path) -> AssetFolder:
    folder = AssetFolder(root, 'sources.csv', ('file', 'package', 'license'))
    folder.prepare()
    return folder


def put(folder: AssetFolder, package: str, *files: str, **record) -> None:
    with folder.replaced(package, record) as (new, rows):
        for file in files:
            (new / file).write_text(file)
            rows.append(dict(file=file, license='CC0'))


def test_tables_of_all_packages_are_merged(tmp_path: Path) -> None:
    folder = make(tmp_path / 'out')
    put(folder, 'b', 'b.jpg', version='1')
    put(folder, 'a', 'a.jpg', 'z.jpg', version='2')
    with (folder.root / 'sources.csv').open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row['file'] for row in rows] == ['a/a.jpg', 'a/z.jpg', 'b/b.jpg']
    assert rows[2] == dict(file='b/b.jpg', package='b', license='CC0')
    assert all((folder.root / row['file']).is_file() for row in rows)
    assert folder.record('a') == {'version': '2'}
    assert folder.record('c') is None


def test_a_package_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = make(tmp_path)
    put(folder, 'a', 'old.jpg')
    put(folder, 'a', 'new.jpg')
    assert not (tmp_path / 'a' / 'old.jpg').exists()
    assert (tmp_path / 'sources.csv').read_text().count('.jpg') == 1


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError])
def test_an_interrupted_package_leaves_what_was_there(tmp_path: Path,
                                                      error: type) -> None:
    folder = make(tmp_path)
    put(folder, 'a', 'old.jpg', version='1')
    before = (tmp_path / 'sources.csv').read_bytes()
    with pytest.raises(error):
        with folder.replaced('a', {'version': '2'}) as (new, rows):
            (new / 'new.jpg').write_text('half')
            raise error
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a', 'sources.csv']
    assert folder.record('a') == {'version': '1'}
    assert (tmp_path / 'sources.csv').read_bytes() == before


def test_remains_of_killed_runs_are_removed(tmp_path: Path) -> None:
    (tmp_path / '.partial-1' / 'new').mkdir(parents=True)
    (tmp_path / '.mine').mkdir()
    make(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ['.mine']


def test_folders_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'mine.jpg').write_text('mine')
    with pytest.raises(FileExistsError, match='package.json'):
        put(make(tmp_path), 'a', 'b.jpg')
    assert (tmp_path / 'a' / 'mine.jpg').exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file'):
        make(tmp_path / 'file')
    if os.geteuid():
        (tmp_path / 'locked').mkdir(mode=0o500)
        with pytest.raises(PermissionError):
            make(tmp_path / 'locked')
