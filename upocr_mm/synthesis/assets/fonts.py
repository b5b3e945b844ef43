from __future__ import annotations
from pathlib import Path
from typing import Callable, Sequence

from .asset_folder import AssetFolder
from .debian_package import find_packages
from .font_collector import ALL, collect_fonts
from .font_packages import KINDS, TAKEN_FILES
from .font_scripts import SCRIPTS
from .package_fetch import check_missing, fetch, tell_plan

COLUMNS = ('file', 'face', 'family', 'style', 'kind', 'scripts', 'package',
           'version', 'license')


def fetch_fonts(out_dir: str | Path,
                packages: Sequence[str] | None = None,
                deb_dir: str | Path | None = None,
                dry_run: bool = False,
                say: Callable[[str], object] = print) -> list[str]:
    """Fetch fonts of many kinds and scripts.

    From packages of Debian, downloaded and unpacked where they are not
    installed. In ``out_dir`` there is a folder of font files for each package
    and a table ``fonts.csv`` of all faces.

    Args:
        out_dir: Folder to put them into. Packages that are there already, in
            the same version, are left alone.
        packages: Names of packages. Defaults to None: those of
            ``FONT_PACKAGES``, as far as there are. Others have the kind
            ``other``.
        deb_dir: Folder to keep downloaded packages in. Defaults to None: they
            are removed.
        dry_run: Only say what would be done.
        say: Takes lines about the progress.

    Returns:
        A sentence for each package that could not be downloaded.

    Raises:
        DebianError: Neither apt nor dpkg is there.
        FileExistsError: ``out_dir`` holds a folder of the name of a package
            that was not made by this function.
        OSError: ``out_dir`` cannot be written.
        ValueError: There is no package of a name in ``packages``.
    """
    wanted = list(dict.fromkeys(KINDS if packages is None else packages))
    sources, missing = find_packages(wanted)
    check_missing(missing, packages is not None, say)
    folder = AssetFolder(Path(out_dir), 'fonts.csv', COLUMNS)
    settings = dict(scripts=list(SCRIPTS))
    if dry_run:
        tell_plan(folder, sources, settings, say)
        return []

    def take(source, files, text, new):
        rows, counts = collect_fonts(files, text, new,
                                     TAKEN_FILES.get(source.name, ALL))
        return [
            dict(
                row,
                kind=KINDS.get(source.name, 'other'),
                version=source.version) for row in rows
        ], counts

    return fetch(folder, sources, settings, take, deb_dir and Path(deb_dir),
                 say)
