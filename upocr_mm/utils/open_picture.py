from __future__ import annotations
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

# Those of the suffixes that are read, by Pillow's names. Its other readers
# are not tried, whatever a file is called: that of EPS starts Ghostscript.
PICTURE_FORMATS = ('PNG', 'JPEG', 'TIFF', 'WEBP', 'BMP', 'GIF', 'PPM',
                   'JPEG2000')


def open_picture(file: str | Path | IO[bytes], *others: str) -> Image.Image:
    """Open a picture of a user by the readers that are meant for it.

    Args:
        file: Path, or an open binary file.
        *others: Further formats, by Pillow's names.

    Returns:
        The image, not yet decoded.

    Raises:
        PIL.UnidentifiedImageError: It is of no such format.
    """
    formats = (*PICTURE_FORMATS, *others)
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError:
        raise UnidentifiedImageError(
            f'its format is none of {", ".join(formats)}') from None
