"""Results that must not take the place of what a user has."""
from __future__ import annotations
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Iterable

from ..utils import UsageError

# How the line of a summary begins, in the files of `--json`.
JSON_LINE = b'{"name": '
# Of the names of results, those that two pictures can have: page 1 of a.tif,
# and a_page1.tif.
_PAGE = re.compile(r'_page\d+')
Paths = Iterable[Path]
ADVICE = '; choose another folder or suffix for the results'


class OverwriteGuard:
    """Refuses to replace inputs, and what lies beside them.

    Files in other folders are results of an earlier run and are replaced.

    Args:
        pictures: The pictures of the run that are files. In their folders
            nothing is replaced.
        others: Other files that it reads.
    """

    def __init__(self, pictures: Paths, others: Paths = ()) -> None:
        self._pictures = list(pictures)
        self._others = list(others)
        self._written: set[Path] = set()

    @cached_property
    def _inputs(self) -> set[tuple[int, int]]:
        files = (*self._pictures, *self._others)
        return {found for found in map(_identity, files) if found}

    @cached_property
    def _folders(self) -> set[tuple[int, int]]:
        folders = {file.parent for file in self._pictures}
        return {found for found in map(_identity, folders) if found}

    def check(self, files: Paths, named: bool = False) -> None:
        """Refuse files that are to be written.

        Args:
            files: Where results of a picture go to.
            named: Whether the user has named this very file.

        Raises:
            UsageError: One of them is an input, or is there already in a
                folder of inputs.
        """
        for file in files:
            if not os.path.lexists(file):
                continue
            if _identity(file) in self._inputs:
                raise UsageError(
                    f'{file} would be overwritten, but is an input of this '
                    f'run{ADVICE}')
            if not named and _identity(file.parent) in self._folders:
                raise UsageError(
                    f'{file} is there already and would be replaced; beside '
                    f'the pictures that are read nothing is{ADVICE}, or move '
                    'it away')

    def claim(self, files: Paths, named: bool = False) -> None:
        """Check again when a picture is written, and its pages are known.

        Args:
            files: See :meth:`check`.
            named: The same.

        Raises:
            ValueError: See :meth:`check`, or another picture of this run has
                a result of this name.
        """
        files = list(files)
        self.check(files, named)
        for file in files:
            if file in self._written:
                raise UsageError(f'{file} is the result of another picture '
                                 f'of this run{ADVICE}')
        self._written.update(file for file in files if _PAGE.search(file.name))


def check_json_lines(file: Path, inputs: OverwriteGuard) -> None:
    """Refuse to append lines of JSON to what does not consist of them.

    Args:
        file: The file of ``--json``. Pipes and devices are not looked into.
        inputs: What the run reads.

    Raises:
        UsageError: It cannot be written, or holds something else.
    """
    inputs.check([file], named=True)
    if file.is_dir():
        raise UsageError(f'--json {file} is a folder; name a file')
    if not file.parent.is_dir():
        raise UsageError(f'--json {file}: the folder {file.parent} does not '
                         'exist')
    if not file.is_file():
        return
    with open(file, 'rb') as stream:
        start = stream.read(len(JSON_LINE))
    if start and start != JSON_LINE:
        raise UsageError(f'--json {file} holds something else than lines of '
                         'earlier runs, to which those of this one would be '
                         'added; name another file')


def _identity(path: Path) -> tuple[int, int] | None:
    """What a path leads to, whatever its name is."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
