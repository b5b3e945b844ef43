from __future__ import annotations
import contextlib
import functools
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# The names of folders in which files are written, before they are complete.
PREFIX = '.upocr_mm-'
_UNFINISHED = re.compile(re.escape(PREFIX) + r'[a-z0-9_]{8}')


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
    with temporary_folder(file.parent, file) as folder:
        yield folder
        if companions:
            file.unlink(missing_ok=True)
        for path in (*map(Path, companions), file):
            os.replace(Path(folder, path.name), path)


@contextlib.contextmanager
def temporary_folder(parent: str | Path,
                     target: str | Path | None = None) -> Iterator[Path]:
    """A folder for what is not yet complete.

    Those that killed processes have left are removed first.

    Args:
        parent: The folder to make it in, which exists.
        target: What will be made of it, for messages. By default ``parent``.

    Yields:
        An empty folder, which is removed with what is in it.

    Raises:
        OSError: What is written there finds no room.
    """
    _remove_unfinished(os.path.realpath(parent))
    with _locked_folder(Path(parent)) as folder:
        try:
            yield folder
        except OSError as error:
            # Writers of pictures do not name their file.
            if error.filename is None and error.errno is not None:
                text = f'not written: {error.strerror or error}'
                raise type(error)(error.errno, text, str(target
                                                         or parent)) from None
            raise


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
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(file.parent).free
        if len(content) > free:
            raise OSError(
                28, f'no room on the disk: {len(content) / 2**20:.1f} MiB are '
                f'needed, {free / 2**20:.1f} MiB are free')
        _remove_unfinished(str(file.parent))
        with _locked_folder(file.parent) as folder:
            part = folder / file.name
            part.write_bytes(content)
            os.replace(part, file)
    except OSError as error:
        raise type(error)(error.errno,
                          'not written: ' + (error.strerror or str(error)),
                          str(file)) from None


@contextlib.contextmanager
def _locked_folder(parent: Path) -> Iterator[Path]:
    """A new folder that is locked as long as this process lives."""
    while True:
        with tempfile.TemporaryDirectory(
                prefix=PREFIX, dir=parent) as folder, _lock(folder) as locked:
            # Before it was locked, another process can have taken it for one
            # that a killed process left.
            if locked is None or os.path.isdir(folder):
                yield Path(folder)
                return


@contextlib.contextmanager
def _lock(folder: str, wait: bool = True) -> Iterator[bool | None]:
    """Lock a folder: whether this succeeded, None if locks are not known."""
    if fcntl is None:
        yield None
        return
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            locked: bool | None = True
        except BlockingIOError:
            locked = False
        except OSError:  # a file system of a network, for instance
            locked = None
        yield locked
    finally:
        os.close(opened)


@functools.lru_cache(maxsize=1024)  # once for each folder
def _remove_unfinished(parent: str) -> None:
    """Remove what killed processes have left: folders that nobody locks."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if _UNFINISHED.fullmatch(
                    entry.name) and entry.is_dir(follow_symlinks=False):
                with _lock(entry.path, wait=False) as locked:
                    if locked:
                        shutil.rmtree(entry.path, ignore_errors=True)


def _refuse_other_kinds(file: Path) -> None:
    """A rename would put a file in the place of a device."""
    if file.is_dir():
        raise IsADirectoryError(21, 'is a folder; name the file to write',
                                str(file))
    if file.exists() and not file.is_file():
        raise OSError(22, 'is no regular file and would be replaced',
                      str(file))
