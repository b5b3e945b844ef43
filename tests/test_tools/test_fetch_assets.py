"""tools/synthesis_assets, with packages and an apt of our own."""
from __future__ import annotations
import csv
import runpy
import shutil
import sys
from pathlib import Path

import matplotlib
import pytest
from asset_files import COPYRIGHT, build_package, install_apt, photo
from PIL import Image

from upocr_mm.synthesis.assets import BackgroundCollector

TOOLS = Path(__file__).parents[2] / 'tools' / 'synthesis_assets'
FONT = Path(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')

pytestmark = pytest.mark.skipif(
    not shutil.which('dpkg-deb'), reason='needs dpkg-deb')


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    """Offers photos-one, photos-two and fonts-one."""
    folder = tmp_path / 'repository'
    folder.mkdir()
    for number, name in enumerate(('photos-one', 'photos-two')):
        picture = folder / f'{name}.png'
        Image.fromarray(photo(seed=number)).save(picture)
        build_package(folder, name, {f'usr/share/{name}.png': picture})
    build_package(folder, 'fonts-one', {'usr/share/fonts/a.ttf': FONT})
    install_apt(folder, monkeypatch)
    return folder


def call(monkeypatch, tool: str, *args) -> int | str | None:
    """Run a tool; what it exits with."""
    path = TOOLS / f'{tool}.py'
    monkeypatch.setattr(sys, 'argv', [str(path), *map(str, args)])
    try:
        runpy.run_path(str(path), run_name='__main__')
    except SystemExit as error:
        return error.code
    return None


def fetch(monkeypatch, *args) -> int | str | None:
    return call(monkeypatch, 'fetch_backgrounds', *args, '--no-text-filter')


def rows_of(table: Path) -> list[dict]:
    with table.open() as lines:
        return list(csv.DictReader(lines))


def test_backgrounds_once_and_again(repository: Path, tmp_path: Path,
                                    monkeypatch, capsys) -> None:
    out = tmp_path / 'out'
    args = (out, '--packages', 'photos-one', 'photos-two')
    assert fetch(monkeypatch, *args, '--dry-run') is None
    assert '2 packages' in capsys.readouterr().out
    assert not out.exists()
    assert fetch(monkeypatch, *args) is None
    assert '[2/2] photos-two 1.0-1: 1 pictures' in capsys.readouterr().out
    rows = rows_of(out / 'sources.csv')
    assert [
        (row['package'], row['path'], row['license'], row['version'])
        for row in rows
    ] == [('photos-one', 'usr/share/photos-one.png', 'CC-BY-SA-4.0', '1.0-1'),
          ('photos-two', 'usr/share/photos-two.png', 'CC-BY-SA-4.0', '1.0-1')]
    assert all(Image.open(out / row['file']).format == 'JPEG' for row in rows)
    assert sorted(p.name for p in out.iterdir()) == [
        'photos-one', 'photos-two', 'sources.csv'
    ]
    # Nothing is fetched twice, and nothing is lost by asking for less.
    (repository / 'offline').touch()
    assert fetch(monkeypatch, out, '--packages', 'photos-two') is None
    assert 'done before' in capsys.readouterr().out
    assert rows_of(out / 'sources.csv') == rows


def test_other_versions_replace(repository: Path, tmp_path: Path,
                                monkeypatch) -> None:
    out = tmp_path / 'out'
    assert fetch(monkeypatch, out, '--packages', 'photos-one') is None
    (repository / 'photos-one_1.0-1_all.deb').unlink()
    build_package(
        repository,
        'photos-one', {'usr/new.png': repository / 'photos-two.png'},
        version='1:2.0')
    assert fetch(monkeypatch, out, '--packages', 'photos-one') is None
    row, = rows_of(out / 'sources.csv')
    assert (row['version'], row['path']) == ('1:2.0', 'usr/new.png')


def test_a_failed_download_does_not_stop_the_others(repository: Path,
                                                    tmp_path: Path,
                                                    monkeypatch,
                                                    capsys) -> None:
    debs = tmp_path / 'debs'
    debs.mkdir()
    shutil.copy(repository / 'photos-two_1.0-1_all.deb', debs)
    (repository / 'offline').touch()
    code = fetch(monkeypatch, tmp_path / 'out', '--packages', 'photos-one',
                 'photos-two', '--deb-dir', debs)
    assert code.startswith('fetch_backgrounds: 1 packages could not')
    assert 'Could not resolve' in capsys.readouterr().out
    row, = rows_of(tmp_path / 'out' / 'sources.csv')
    assert row['package'] == 'photos-two'


def test_an_interrupt_keeps_whole_packages(repository: Path, tmp_path: Path,
                                           monkeypatch) -> None:
    out = tmp_path / 'out'
    collect = BackgroundCollector.collect

    def interrupted(self, files, text, out_dir, *args):
        if 'photos-two' in text + files[0].name + files[-1].name:
            (out_dir / 'half.jpg').write_bytes(b'half')
            raise KeyboardInterrupt
        return collect(self, files, text, out_dir, *args)

    monkeypatch.setattr(BackgroundCollector, 'collect', interrupted)
    code = fetch(monkeypatch, out, '--packages', 'photos-one', 'photos-two')
    assert 'interrupted' in code
    assert sorted(p.name
                  for p in out.iterdir()) == ['photos-one', 'sources.csv']
    monkeypatch.setattr(BackgroundCollector, 'collect', collect)
    assert fetch(monkeypatch, out, '--packages', 'photos-one',
                 'photos-two') is None
    assert len(rows_of(out / 'sources.csv')) == 2


def test_wrong_usage_and_bad_folders(repository: Path, tmp_path: Path,
                                     monkeypatch, capsys) -> None:
    assert fetch(monkeypatch, tmp_path / 'out', '--packages', 'nothing') == 2
    assert 'no package nothing' in capsys.readouterr().err
    (tmp_path / 'file').write_text('')
    code = fetch(monkeypatch, tmp_path / 'file', '--packages', 'photos-one')
    assert code == 2
    assert 'file is a file; name a folder' in capsys.readouterr().err
    (tmp_path / 'own' / 'photos-one').mkdir(parents=True)
    code = fetch(monkeypatch, tmp_path / 'own', '--packages', 'photos-one')
    assert 'package.json' in code
    monkeypatch.setenv('PATH', str(tmp_path))
    code = fetch(monkeypatch, tmp_path / 'out', '--packages', 'photos-one')
    assert 'apt-cache' in code


def test_python_packages_are_read_where_they_are(tmp_path: Path, monkeypatch,
                                                 repository: Path) -> None:
    pytest.importorskip('sklearn')
    out = tmp_path / 'out'
    assert fetch(monkeypatch, out, '--packages', 'scikit-learn') is None
    rows = rows_of(out / 'sources.csv')
    assert {row['license'] for row in rows} == {'CC-BY-2.0'}
    assert {Path(row['path']).name
            for row in rows} == {'china.jpg', 'flower.jpg'}


def test_fonts(repository: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / 'out'
    args = ('fetch_fonts', out, '--packages', 'fonts-one')
    assert call(monkeypatch, *args, '--dry-run') is None
    assert 'fonts-one 1.0-1: to download' in capsys.readouterr().out
    assert call(monkeypatch, *args) is None
    row, = rows_of(out / 'fonts.csv')
    assert (row['file'], row['family'], row['kind'],
            row['license']) == ('fonts-one/a.ttf', 'DejaVu Sans', 'other',
                                'CC-BY-SA-4.0')
    assert (out / row['file']).read_bytes() == FONT.read_bytes()
    assert (out / 'fonts-one' / 'copyright').read_text() == COPYRIGHT
    assert call(monkeypatch, 'fetch_fonts', out, '--packages', 'x') == 2
