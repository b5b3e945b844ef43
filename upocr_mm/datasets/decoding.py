"""Decode image files as a training does, and hear what the decoder says."""
from __future__ import annotations
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from ..utils import open_picture

_EXIF_ORIENTATION = 0x0112
_JPEG = b'\xff\xd8'
# What libjpeg prints of a damaged file that it decodes nevertheless.
_DAMAGE = (b'Corrupt JPEG data', b'Premature end of JPEG')


def require_file(path: str | Path) -> None:
    """Refuse what is no regular file: opening a pipe would wait for ever.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is nothing.
        ValueError: There is something else.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f'{path} does not exist')
    if not os.path.isfile(path):
        raise ValueError(f'{path} is no regular file')


def decode(path: str) -> tuple[tuple[int, int], int]:
    """Decode an image to the last byte, in both libraries that read it later.

    Args:
        path: The file.

    Returns:
        Height and width as stored, and the EXIF orientation (1: upright).

    Raises:
        Exception: Whatever a decoder raises of a file that is none, is cut
            off, or is of a format that OpenCV, which training uses, cannot
            decode.
    """
    require_file(path)
    # PIL, because OpenCV returns the upper part of a truncated JPEG without
    # an error.
    with open_picture(path) as image:
        shape = image.size[::-1]
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        kind = image.format
        # Decode at 1/8: all bytes are read, most of the arithmetic is not
        # done. Only JPEG heeds it.
        image.draft(image.mode, (1, 1))
        image.load()
    if _decode_by_opencv(path) is None:
        raise ValueError(f'OpenCV, which training reads it with, cannot '
                         f'decode this {kind} file; convert it to PNG or JPEG')
    return shape, orientation


def damage_of(path: str) -> str:
    """What libjpeg says of a damaged JPEG file, or nothing.

    Args:
        path: The file, of any kind.
    """
    with decoder_messages() as messages:
        _decode_by_opencv(path)
    return messages[0] if messages else ''


@contextlib.contextmanager
def decoder_messages() -> Iterator[list[str]]:
    """Collect what libjpeg prints of damaged files, in any thread.

    It decodes such files, with wrong pixels, and neither OpenCV nor Pillow
    tells. Everything else that is printed on the standard error output
    meanwhile is printed afterwards.

    Yields:
        A list that is filled when the block is left.
    """
    messages: list[str] = []
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield messages
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield messages
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            file.seek(0)
            for line in file:
                if line.startswith(_DAMAGE):
                    messages.append(line.decode(errors='replace').strip())
                else:
                    os.write(2, line)


def _decode_by_opencv(path: str) -> np.ndarray | None:
    data = np.fromfile(path, np.uint8)
    is_jpeg = data[:2].tobytes() == _JPEG
    flag = cv2.IMREAD_REDUCED_COLOR_8 if is_jpeg else cv2.IMREAD_COLOR
    return cv2.imdecode(data, flag | cv2.IMREAD_IGNORE_ORIENTATION)
