from __future__ import annotations
from pathlib import Path

import mmcv
import numpy as np


def read_image(path: str | Path, channel_order: str = 'bgr') -> np.ndarray:
    """Read an image with its pixels as they are stored.

    The EXIF orientation is ignored, as it is for masks and class maps and in
    the pipelines (``color_type='color_ignore_orientation'``).

    Args:
        path: The file.
        channel_order: ``'bgr'`` or ``'rgb'``.

    Returns:
        uint8 image of shape (H, W, 3).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not an image.
    """
    image = mmcv.imread(path, flag='color_ignore_orientation', backend='cv2')
    if image is None:
        raise ValueError(f'{path} is not a readable image')
    # mmcv itself obeys channel_order with the flag 'color' only.
    return mmcv.bgr2rgb(image) if channel_order == 'rgb' else image
