from __future__ import annotations
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Iterator


@contextlib.contextmanager
def written_whole(file: str | Path, *companions: str | Path) -> Iterator[Path]:
    """Write files so that they appear complete or not at all.

    Args:
        file: The file to write; its folder is made.
        companions: Files beside it, without which it is worth nothing. They
            appear before it, and an old file disappears before that, so that
            files of two writings never stand side by side.

    Yields:
        An empty folder, in which all of them are to be written under their
        own names. What else is in it is removed with it.
    """
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
            prefix=f'.{file.name}-', dir=file.parent) as folder:
        yield Path(folder)
        if companions:
            file.unlink(missing_ok=True)
        for path in (*map(Path, companions), file):
            os.replace(Path(folder, path.name), path)
