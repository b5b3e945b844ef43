from __future__ import annotations
import shutil
from pathlib import Path

import pytest
from asset_files import build_package, install_apt

from upocr_mm.synthesis.assets.debian_package import (DebianError,
                                                      DebianPackage,
                                                      PackagedFile,
                                                      find_packages)

needs_dpkg = pytest.mark.skipif(
    not shutil.which('dpkg-deb'), reason='needs dpkg-deb')


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / 'repository'
    folder.mkdir()
    install_apt(folder, monkeypatch)
    return folder


@needs_dpkg
def test_packages_are_looked_up(repository: Path) -> None:
    build_package(repository, 'pictures', {}, version='2:1.0-3')
    found, missing = find_packages(['nothing', 'pictures'])
    assert missing == ['nothing']
    package, = found
    assert (package.name, package.version) == ('pictures', '2:1.0-3')
    assert package.size == next(repository.glob('*.deb')).stat().st_size
    assert not package.installed


@needs_dpkg
def test_files_are_unpacked_and_removed(repository: Path,
                                        tmp_path: Path) -> None:
    build_package(
        repository,
        'pictures', {
            'usr/share/b.jpg': b'b',
            'usr/share/a.jpg': b'a'
        },
        version='2:1.0-3')
    (package, ), _ = find_packages(['pictures'])
    with package.files(tmp_path) as files:
        assert [file.name for file in files] == [
            'usr/share/a.jpg', 'usr/share/b.jpg',
            'usr/share/doc/pictures/copyright'
        ]
        assert files[0].path.read_bytes() == b'a'
    assert [p.name for p in tmp_path.iterdir()] == ['repository']


@needs_dpkg
def test_downloads_can_be_kept(repository: Path, tmp_path: Path) -> None:
    deb = build_package(repository, 'pictures', {'usr/a.jpg': b'a'})
    (package, ), _ = find_packages(['pictures'])
    for _ in range(2):
        with package.files(tmp_path, tmp_path / 'debs') as files:
            assert files[0].name == 'usr/a.jpg'
        assert [p.name for p in (tmp_path / 'debs').iterdir()] == [deb.name]
        (repository / 'offline').touch()  # the second time


@needs_dpkg
def test_incomplete_downloads_are_not_used(repository: Path,
                                           tmp_path: Path) -> None:
    deb = build_package(repository, 'pictures', {'usr/a.jpg': b'a'})
    (package, ), _ = find_packages(['pictures'])
    (tmp_path / deb.name).write_bytes(deb.read_bytes()[:500])
    with package.files(tmp_path, tmp_path) as files:
        assert files[0].name == 'usr/a.jpg'
    # What apt-get leaves if it ends early without saying so.
    broken = DebianPackage('pictures', package.version, 5, False)
    with pytest.raises(DebianError, match='of 5 bytes'):
        with broken.files(tmp_path):
            pass


@needs_dpkg
def test_without_network(repository: Path, tmp_path: Path) -> None:
    build_package(repository, 'pictures', {})
    (package, ), _ = find_packages(['pictures'])
    (repository / 'offline').touch()
    with pytest.raises(DebianError, match='could not|Could not resolve'):
        with package.files(tmp_path):
            pass
    assert [p.name for p in tmp_path.iterdir()] == ['repository']


def test_without_apt(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(DebianError, match='apt-cache'):
        find_packages(['pictures'])
    with pytest.raises(DebianError, match='apt-get is not there'):
        with DebianPackage('pictures', '1', 1, False).files(tmp_path):
            pass


@pytest.mark.skipif(
    not shutil.which('dpkg-query')
    or not Path('/usr/share/doc/dpkg/copyright').is_file(),
    reason='needs an installed package of Debian')
def test_installed_packages_are_used_as_they_are(tmp_path: Path) -> None:
    (package, ), missing = find_packages(['dpkg'])
    assert package.installed and not missing
    with package.files(tmp_path) as files:
        names = {file.name: file.path for file in files}
    assert names['usr/share/doc/dpkg/copyright'].is_file()
    assert not any(tmp_path.iterdir())


def test_patterns_fit_the_whole_name_in_any_case() -> None:
    file = PackagedFile('usr/share/Karts/a_Normal.PNG', Path('x'))
    assert file.matches(['*/karts/*'])
    assert file.matches(['*/none/*', '*normal*'])
    assert not file.matches(['karts/*', 'normal'])
    assert not file.matches([])
