from __future__ import annotations
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from ..utils import write_whole


class WholeLocalBackend(LocalBackend):
    """mmengine's writer of local files, whose files are complete or not there.

    Checkpoints, scores and pictures that mmengine and mmcv write go through
    it. It writes under a temporary name, renames, and looks first whether the
    disk has room.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes.

        Args:
            obj: What the file shall hold.
            filepath: The file; its folder is made.

        Raises:
            OSError: It cannot be written; an old file stays as it was.
        """
        write_whole(obj, filepath)

    def put_text(self,
                 obj: str,
                 filepath: str | Path,
                 encoding: str = 'utf-8') -> None:
        """Write a text; see :meth:`put`."""
        write_whole(obj.encode(encoding), filepath)


def register() -> None:
    """Put it in the place of mmengine's own."""
    register_backend('local', WholeLocalBackend, force=True, prefixes='')
