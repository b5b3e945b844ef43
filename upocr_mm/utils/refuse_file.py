from __future__ import annotations
from pathlib import Path

from .sentences import UsageError


def refuse_file(folder: str | Path, option: str = '') -> None:
    """Refuse a file where a folder is wanted, also above it.

    Args:
        folder: A folder to write to, which need not exist.
        option: The option that named it, for the message.

    Raises:
        UsageError: It is a file, or would lie in one.
    """
    folder = Path(folder)
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise UsageError(f'{option} {path} is a file; name a '
                             'folder'.lstrip())
