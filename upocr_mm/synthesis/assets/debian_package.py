from __future__ import annotations
import contextlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator, Sequence


class DebianError(RuntimeError):
    """What apt or dpkg could not do, in one sentence."""


@dataclass(frozen=True)
class DebianPackage:
    """What apt and dpkg know of a package.

    Args:
        name: Its name.
        version: The installed version, or the one that apt would download.
        size: Bytes of the download; 0 if it is installed.
        installed: Whether its files are on this machine.
    """

    name: str
    version: str
    size: int
    installed: bool

    @contextlib.contextmanager
    def files(self,
              work_dir: Path,
              deb_dir: Path | None = None) -> Iterator[list[PackagedFile]]:
        """The files of the package, downloaded and unpacked if need be.

        Nothing is installed and no right of the administrator is needed.

        Args:
            work_dir: Folder of the temporary files, which are removed when
                the context ends.
            deb_dir: Folder to keep the downloaded ``.deb`` in, and to find it
                again. Defaults to None: it is removed.

        Yields:
            Its regular files, sorted.

        Raises:
            DebianError: apt-get or dpkg-deb is missing, or failed.
            OSError: A folder cannot be written.
        """
        if self.installed:
            listed = _run(['dpkg-query', '--listfiles', self.name])
            paths = [Path(line) for line in listed.splitlines() if line]
            yield [
                PackagedFile(path.as_posix().lstrip('/'), path)
                for path in sorted(paths)
                if path.is_file() and not path.is_symlink()
            ]
            return
        with tempfile.TemporaryDirectory(
                prefix='.partial-', dir=work_dir) as folder:
            archive = self._download(deb_dir or Path(folder))
            root = Path(folder, 'unpacked')
            _run(['dpkg-deb', '--extract', str(archive), str(root)])
            if deb_dir is None:
                archive.unlink()
            yield [
                PackagedFile(path.relative_to(root).as_posix(), path)
                for path in sorted(root.rglob('*'))
                if path.is_file() and not path.is_symlink()
            ]

    def _download(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        # apt writes the colon of an epoch as %3a.
        version = self.version.replace(':', '%3a')
        pattern = f'{self.name}_{version}_*.deb'
        found = self._complete(folder, pattern)
        if not found:
            # Goes on where an interrupted download ended.
            _run(['apt-get', 'download', f'{self.name}={self.version}'],
                 cwd=folder)
            found = self._complete(folder, pattern)
        if not found:
            raise DebianError(f'apt-get downloaded no {pattern} of '
                              f'{self.size} bytes')
        return found[0]

    def _complete(self, folder: Path, pattern: str) -> list[Path]:
        return [
            path for path in sorted(folder.glob(pattern))
            if path.stat().st_size == self.size
        ]


@dataclass(frozen=True)
class PackagedFile:
    """A file of a package.

    Args:
        name: Its path in the package, with ``/`` and without a leading one.
        path: Where it is.
    """

    name: str
    path: Path

    def matches(self, patterns: Sequence[str]) -> bool:
        """Whether a pattern (with ``*``) fits the whole name, in any case."""
        name = self.name.lower()
        return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


def find_packages(
        names: Sequence[str]) -> tuple[list[DebianPackage], list[str]]:
    """Look packages up, the installed ones first.

    Args:
        names: Names of Debian packages.

    Returns:
        The packages that are installed or that apt can download, in the order
        of ``names``, and the names that neither is true of.

    Raises:
        DebianError: Neither dpkg nor apt is there.
    """
    if not shutil.which('dpkg-query') and not shutil.which('apt-cache'):
        raise DebianError('neither dpkg-query nor apt-cache is there: the '
                          'packages are those of Debian and its derivatives')
    found = _available(names)
    found.update(_installed(names))
    return ([found[name] for name in names
             if name in found], [name for name in names if name not in found])


def _installed(names: Sequence[str]) -> dict[str, DebianPackage]:
    if not shutil.which('dpkg-query'):
        return {}
    form = '${Package}\t${db:Status-Status}\t${Version}\n'
    printed = _run(['dpkg-query', '--show', f'--showformat={form}', *names],
                   check=False)
    rows = [line.split('\t') for line in printed.splitlines()]
    return {
        name: DebianPackage(name, version, 0, True)
        for name, status, version in rows if status == 'installed'
    }


def _available(names: Sequence[str]) -> dict[str, DebianPackage]:
    if not shutil.which('apt-cache'):
        return {}
    printed = _run(['apt-cache', 'show', '--no-all-versions', *names],
                   check=False)
    packages = {}
    for block in printed.split('\n\n'):
        fields = dict(
            line.split(': ', 1) for line in block.splitlines()
            if ': ' in line and not line.startswith(' '))
        # Virtual packages, and those that are only installed, have nothing to
        # download.
        if {'Package', 'Version', 'Filename'} <= fields.keys():
            packages[fields['Package']] = DebianPackage(
                fields['Package'], fields['Version'],
                int(fields.get('Size', 0)), False)
    return packages


def _run(command: list[str],
         cwd: Path | None = None,
         check: bool = True) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors='replace',
            env={
                **os.environ, 'LC_ALL': 'C'
            })
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise
        raise DebianError(
            f'{command[0]} is not there: packages can be '
            'downloaded on Debian and its derivatives only') from error
    if check and done.returncode:
        reasons = [
            line[3:]
            for line in done.stderr.splitlines() if line.startswith('E: ')
        ] or done.stderr.split('\n')
        raise DebianError(f'`{" ".join(command)}` failed: '
                          f'{" ".join(reasons).strip() or "no reason given"}')
    return done.stdout
