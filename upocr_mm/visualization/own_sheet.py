from __future__ import annotations
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from ..utils import open_picture, written_whole

# The text entry of a PNG file that tells what made it.
ENTRY = 'Software'
MAKER = 'upocr_mm'


def write_sheet(sheet: np.ndarray, file: str | Path) -> None:
    """Write a sheet of pictures, whole or not at all.

    A file that is there already is replaced only if it is such a sheet.

    Args:
        sheet: uint8 RGB image of shape (H, W, 3).
        file: Name of a PNG file; its folder is made.

    Raises:
        FileExistsError: There is a file that this function has not made.
        OSError: It cannot be written.
    """
    file = Path(file)
    if file.exists() and not _is_sheet(file):
        raise FileExistsError(
            f'{file} is there already and is no sheet of this tool; move it, '
            'or name another folder')
    info = PngImagePlugin.PngInfo()
    info.add_text(ENTRY, MAKER)
    with written_whole(file) as folder:
        Image.fromarray(sheet).save(
            folder / file.name, format='PNG', pnginfo=info, compress_level=1)


def _is_sheet(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with open_picture(file) as image:
            return image.info.get(ENTRY) == MAKER
    except (OSError, ValueError, SyntaxError):
        return False
