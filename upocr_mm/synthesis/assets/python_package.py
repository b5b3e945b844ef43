from __future__ import annotations
import contextlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Iterator

from .debian_package import PackagedFile


@dataclass(frozen=True)
class PythonPackage:
    """An installed Python package.

    Args:
        name: Name of the distribution, as pip calls it.
        version: The installed version.
    """

    name: str
    version: str

    @contextlib.contextmanager
    def files(self,
              work_dir: Path | None = None,
              deb_dir: Path | None = None) -> Iterator[list[PackagedFile]]:
        """Its files; the arguments are those of Debian packages, unused.

        Yields:
            The files, sorted.
        """
        listed = metadata.distribution(self.name).files or []
        yield [
            PackagedFile(file.as_posix(), Path(str(file.locate())))
            for file in sorted(listed)
        ]


def find_python_package(name: str) -> PythonPackage | None:
    """Look an installed Python package up.

    Args:
        name: Name of the distribution, as pip calls it.

    Returns:
        The package, or None if it is not installed.
    """
    try:
        return PythonPackage(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return None
