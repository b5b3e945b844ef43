from __future__ import annotations
import contextlib
import os
import shutil
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

    Raises:
        OSError: ``file`` is a folder or a device.
    """
    file = Path(file)
    _refuse_other_kinds(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
            prefix=f'.{file.name}-', dir=file.parent) as folder:
        yield Path(folder)
        if companions:
            file.unlink(missing_ok=True)
        for path in (*map(Path, companions), file):
            os.replace(Path(folder, path.name), path)


def write_whole(content: bytes | memoryview, file: str | Path) -> None:
    """Write a file so that it appears complete or not at all.

    Args:
        content: What it shall hold.
        file: The file to write; its folder is made.

    Raises:
        OSError: It cannot be written, for instance because the disk has no
            room for it. An old file then stays as it was.
    """
    file = Path(os.path.realpath(file))  # a link stays one
    _refuse_other_kinds(file)
    part = file.with_name(f'.{file.name}.{os.getpid()}.part')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(file.parent).free
        if len(content) > free:
            raise OSError(
                28, f'no room on the disk: {len(content) / 2**20:.1f} MiB are '
                f'needed, {free / 2**20:.1f} MiB are free')
        part.write_bytes(content)
        os.replace(part, file)
    except OSError as error:
        raise type(error)(error.errno,
                          'not written: ' + (error.strerror or str(error)),
                          str(file)) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _refuse_other_kinds(file: Path) -> None:
    """A rename would put a file in the place of a device."""
    if file.is_dir():
        raise IsADirectoryError(21, 'is a folder; name the file to write',
                                str(file))
    if file.exists() and not file.is_file():
        raise OSError(22, 'is no regular file and would be replaced',
                      str(file))
