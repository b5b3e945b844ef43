from __future__ import annotations
import time
from collections import Counter
from pathlib import Path
from typing import Callable, ContextManager, List, Protocol, Sequence, Tuple

from .asset_folder import COPYRIGHT, AssetFolder
from .debian_package import DebianError, PackagedFile


class Source(Protocol):
    """Something that files are taken from: a Debian or Python package."""

    name: str
    version: str

    def files(self, work_dir: Path,
              deb_dir: Path | None) -> ContextManager[list[PackagedFile]]:
        """The files, as of :meth:`DebianPackage.files`."""


# From a package, its files and copyright text writes into a folder; returns
# the rows of its table and numbers to be told.
Take = Callable[[Source, Sequence[PackagedFile], str, Path], Tuple[List[dict],
                                                                   Counter]]


def is_done(folder: AssetFolder, source: Source, settings: dict) -> bool:
    """Whether the files of a package were made before.

    Args:
        folder: Where they are.
        source: The package.
        settings: What they depend on besides its version.

    Returns:
        True if version and settings are those of before.
    """
    record = folder.record(source.name)
    return (record is not None and record.get('version') == source.version
            and record.get('settings') == settings)


def fetch(folder: AssetFolder,
          sources: Sequence[Source],
          settings: dict,
          take: Take,
          deb_dir: Path | None = None,
          say: Callable[[str], object] = print) -> list[str]:
    """Take files from packages, one after the other.

    The copyright file of a package is put beside what is taken from it. What
    was made before from the same version with the same settings stays.
    A package that cannot be downloaded does not stop the others.

    Args:
        folder: Where to put them.
        sources: The packages.
        settings: What the result depends on; must survive JSON.
        take: Writes the files of one package.
        deb_dir: Folder to keep downloaded packages in. Defaults to None: they
            are removed.
        say: Takes a line for each package.

    Returns:
        A sentence for each package that failed.

    Raises:
        FileExistsError: See :meth:`AssetFolder.replaced`.
        OSError: A folder cannot be written, or the disk is full.
    """
    folder.prepare()
    failures = []
    for number, source in enumerate(sources, 1):
        title = f'[{number}/{len(sources)}] {source.name} {source.version}'
        if is_done(folder, source, settings):
            say(f'{title}: done before')
            continue
        start = time.monotonic()
        record = dict(version=source.version, settings=settings)
        try:
            with source.files(folder.root, deb_dir) as files, folder.replaced(
                    source.name, record) as (new, rows):
                text = copyright_text(source, files)
                if text:
                    (new / COPYRIGHT).write_text(text, encoding='utf-8')
                taken, counts = take(source, files, text, new)
                rows += taken
                record['counts'] = dict(sorted(counts.items()))
        except DebianError as error:
            failures.append(f'{source.name}: {error}')
            say(f'{title}: failed, {error}')
            continue
        told = ', '.join(f'{count} {name}'
                         for name, count in sorted(counts.items()))
        say(f'{title}: {told or "nothing"} '
            f'({time.monotonic() - start:.0f} s)')
    folder.merge()
    return failures


def copyright_text(source: Source, files: Sequence[PackagedFile]) -> str:
    """The copyright file of a Debian package; empty for other sources.

    Args:
        source: The package.
        files: Its files.
    """
    name = f'usr/share/doc/{source.name}/copyright'
    for path in (*(f.path for f in files if f.name == name), Path('/', name)):
        if path.is_file():
            return path.read_text(encoding='utf-8', errors='replace')
    return ''


def tell_plan(folder: AssetFolder, sources: Sequence[Source], settings: dict,
              say: Callable[[str], object]) -> None:
    """Say what :func:`fetch` would do.

    Args:
        folder: Where the files would be put.
        sources: The packages.
        settings: What the result depends on.
        say: Takes a line for each package, and one for the sum.
    """
    total = 0
    for source in sources:
        size = getattr(source, 'size', 0)
        if is_done(folder, source, settings):
            state = 'done before'
        elif size:
            state = f'to download, {size / 1e6:.1f} MB'
            total += size
        else:
            state = 'installed'
        say(f'{source.name} {source.version}: {state}')
    say(f'{len(sources)} packages, {total / 1e6:.0f} MB to download')


def check_missing(names: Sequence[str], asked_for: bool,
                  say: Callable[[str], object]) -> None:
    """Refuse packages that do not exist, or tell that they are left out.

    Args:
        names: Their names.
        asked_for: Whether the user named them. Others are of our tables, and
            no release of Debian has all.
        say: Takes a line for each.

    Raises:
        ValueError: There are some, and the user named them.
    """
    if names and asked_for:
        raise ValueError(
            f'there is no package {", ".join(names)}, installed or known to '
            'apt; check the name, or run `apt-get update`')
    for name in names:
        say(f'{name}: left out, there is no such package here')
