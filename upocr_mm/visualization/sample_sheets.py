"""Sheets of samples as they enter the network."""
from __future__ import annotations
from pathlib import Path
from typing import Any, Sequence

import mmcv
import numpy as np
import torch
from mmseg.structures import SegDataSample

from ..utils import IGNORE_INDEX
from .panels import draw_panel, draw_sheet, paint_classes, to_uint8

COLUMNS = ('input', 'target', 'mask')
# RGB colors laid over the input, which itself is shown in gray.
MASKED = (255, 200, 0)
IGNORED = (255, 0, 255)
MAX_NAME = 36


def draw_sample(image: torch.Tensor,
                sample: SegDataSample,
                codec: Any | None = None,
                palette: Sequence[Sequence[int]] | None = None) -> np.ndarray:
    """Input, target and mask of a sample, side by side.

    The third picture is the input in gray, yellow inside the mask and magenta
    where pixels are ignored. The mask is the region that losses weight (the
    text boxes of text removal), else all classes but class 0.

    Args:
        image: The input, shape (3, H, W), RGB in [0, 1].
        sample: Its targets, as the data preprocessor gives them. They may be
            of another size, as in testing.
        codec: Draws the target. None paints the classes in the palette, or
            takes ``gt_image``.
        palette: RGB colors of the classes.

    Returns:
        uint8 RGB image (H, 3 * W + gaps, 3). What a sample does not have is
        left white.

    Raises:
        ValueError: The codec misses a target.
    """
    target = region = ignored = None
    if 'gt_sem_seg' in sample:
        classes = sample.gt_sem_seg.data[0].cpu().numpy()
        ignored = classes == IGNORE_INDEX
        region = (classes != 0) & ~ignored
        if palette is not None:
            target = paint_classes(classes, palette)
    elif 'gt_image' in sample:
        target = to_uint8(sample.gt_image.data)
    if 'gt_text_mask' in sample:
        region = sample.gt_text_mask.data[0].bool().cpu().numpy()
    if codec is not None:
        encoded = codec.encode([sample])
        target = to_uint8(encoded.image[0])
        if encoded.region is not None:
            region = encoded.region[0, 0].bool().cpu().numpy()
        if encoded.valid is not None:
            ignored = ~encoded.valid[0, 0].cpu().numpy()
    picture = to_uint8(image)
    return draw_panel([picture, target, _draw_mask(picture, region, ignored)])


def caption_of(index: int, sample: SegDataSample) -> str:
    """Number, name, size of the file and of the input, and whether flipped.

    Args:
        index: Number of the sample.
        sample: With ``img_path``, ``ori_shape`` and ``img_shape``.
    """
    name = Path(sample.get('img_path', '') or '').name
    if len(name) > MAX_NAME:
        name = f'...{name[3 - MAX_NAME:]}'
    sizes = [
        f'{shape[1]}x{shape[0]}'
        for shape in (sample.get('ori_shape'), sample.get('img_shape'))
        if shape is not None
    ]
    flipped = ', flipped' if sample.get('flip') else ''
    return f'{index} {name}, {" -> ".join(sizes)}{flipped}'


def draw_grid(panels: Sequence[tuple[str, np.ndarray]],
              height: int = 256,
              per_row: int = 2) -> np.ndarray:
    """Put panels with their captions into rows.

    Args:
        panels: Caption and panel of each sample, at least one.
        height: Height that the panels are brought to, in pixels.
        per_row: Panels in a row.

    Returns:
        uint8 RGB image.
    """
    tiles = [draw_sheet([panel], height, COLUMNS) for panel in panels]
    tile_height = max(tile.shape[0] for tile in tiles)
    tile_width = max(tile.shape[1] for tile in tiles)
    gap = 12
    columns = min(per_row, len(tiles))
    rows = -(-len(tiles) // per_row)
    sheet = np.full((rows * tile_height, columns * (tile_width + gap) - gap,
                     3), 255, np.uint8)  # yapf: disable
    for i, tile in enumerate(tiles):
        top = i // per_row * tile_height
        left = i % per_row * (tile_width + gap)
        sheet[top:top + tile.shape[0], left:left + tile.shape[1]] = tile
    return sheet


def _draw_mask(picture: np.ndarray, region: np.ndarray | None,
               ignored: np.ndarray | None) -> np.ndarray | None:
    if region is None and ignored is None:
        return None
    shape = (region if region is not None else ignored).shape
    canvas = mmcv.imresize(picture, shape[::-1]).mean(-1, keepdims=True)
    canvas = canvas.repeat(3, -1)
    for where, color in ((region, MASKED), (ignored, IGNORED)):
        if where is not None:
            canvas[where] = (canvas[where] + color) / 2
    return canvas.round().astype(np.uint8)
