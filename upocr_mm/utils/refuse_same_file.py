from __future__ import annotations
from pathlib import Path

from .sentences import UsageError


def refuse_same_file(target: str | Path, *sources: str | Path) -> None:
    """Refuse to write over a file that is read, also through a link.

    Args:
        target: The file to write.
        *sources: The files that it is made from.

    Raises:
        UsageError: It is one of them.
    """
    for source in map(Path, sources):
        if source.exists() and Path(target).exists() and source.samefile(
                target):
            raise UsageError(f'{target} would overwrite what it is made from; '
                             'give another file to write')
