from __future__ import annotations
from pathlib import Path
from typing import Callable, Sequence

from .asset_folder import AssetFolder
from .background_collector import BackgroundCollector
from .background_packages import (BACKGROUND_PACKAGES, LARGE_PACKAGES,
                                  PYTHON_PACKAGES)
from .debian_package import find_packages
from .package_fetch import Source, check_missing, fetch, tell_plan
from .python_package import PythonPackage, find_python_package

COLUMNS = ('file', 'package', 'version', 'path', 'license', 'copyright',
           'width', 'height')


def fetch_backgrounds(
        out_dir: str | Path,
        packages: Sequence[str] | None = None,
        collector: BackgroundCollector | None = None,
        deb_dir: str | Path | None = None,
        dry_run: bool = False,
        say: Callable[[str], object] = print,
        tick: Callable[[int], object] = lambda number: None) -> list[str]:
    """Fetch photographs and photographic textures to draw on.

    From packages of Debian, downloaded and unpacked where they are not
    installed, and from installed Python packages; only what has a free
    license, see :class:`BackgroundCollector` for the other conditions. In
    ``out_dir`` there is a folder of JPEG files for each package and a table
    ``sources.csv`` of all.

    Args:
        out_dir: Folder to put them into. Packages that are there already, in
            the same version and made with the same settings, are left alone.
        packages: Names of packages. Defaults to None: ``BACKGROUND_PACKAGES``
            and ``PYTHON_PACKAGES``, as far as there are.
        collector: What is taken. Defaults to None: the default one.
        deb_dir: Folder to keep downloaded packages in. Defaults to None: they
            are removed.
        dry_run: Only say what would be done.
        say: Takes lines about the progress.
        tick: Called with 1, 2, ... for the pictures of a package.

    Returns:
        A sentence for each package that could not be downloaded.

    Raises:
        DebianError: Neither apt nor dpkg is there.
        FileExistsError: ``out_dir`` holds a folder of the name of a package
            that was not made by this function.
        OSError: ``out_dir`` cannot be written.
        ValueError: There is no package of a name in ``packages``.
    """
    collector = collector or BackgroundCollector()
    sources = _find_sources(packages, say)
    folder = AssetFolder(Path(out_dir), 'sources.csv', COLUMNS)
    settings = collector.settings
    if dry_run:
        tell_plan(folder, sources, settings, say)
        return []

    def take(source, files, text, new):
        skipped: Sequence[str]
        if isinstance(source, PythonPackage):
            wanted, license_file, skipped = PYTHON_PACKAGES[source.name]
            text = '\n'.join(
                file.path.read_text(encoding='utf-8') for file in files
                if file.matches([license_file]))
            files = [file for file in files if file.matches([wanted])]
        else:
            tables = {**BACKGROUND_PACKAGES, **LARGE_PACKAGES}
            skipped = tables.get(source.name, ())
        rows, counts = collector.collect(files, text, new, skipped, tick)
        return [dict(row, version=source.version) for row in rows], counts

    return fetch(folder, sources, settings, take, deb_dir and Path(deb_dir),
                 say)


def _find_sources(names: Sequence[str] | None,
                  say: Callable[[str], object]) -> list[Source]:
    wanted = list(
        dict.fromkeys([*BACKGROUND_PACKAGES, *PYTHON_PACKAGES] if names is
                      None else names))
    python = {
        name: package
        for name in PYTHON_PACKAGES if (package := find_python_package(name))
    }
    debian = [name for name in wanted if name not in PYTHON_PACKAGES]
    found, missing = find_packages(debian) if debian else ([], [])
    missing += [
        name for name in wanted
        if name in PYTHON_PACKAGES and name not in python
    ]
    check_missing(missing, names is not None, say)
    return [*found, *(python[name] for name in wanted if name in python)]
