"""Reading and drawing of the label files of the data sets."""
from __future__ import annotations
import re
from pathlib import Path
from typing import NamedTuple, Sequence

import cv2
import numpy as np
from PIL import Image

from ..utils import open_picture
from .decoding import require_file

# Not what else Python takes for an integer: 1_0, digits of other scripts.
_INTEGER = re.compile(r'\s*[+-]?[0-9]+\s*', re.ASCII)
# No picture is that large, and OpenCV's drawing would overflow.
MAX_DIGITS = 7


class Annotations(NamedTuple):
    """What a text file of shapes holds.

    Args:
        shapes: One list of integers per line: ``x1, y1, x2, y2, label`` or
            ``x, y, x, y, ...``, in pixels.
        lines: The line numbers of ``shapes``, counted from 1.
        errors: One message for each line that breaks the format.
    """
    shapes: list[list[int]]
    lines: list[int]
    errors: list[str]


def read_boxes(path: str, labels: Sequence[int]) -> Annotations:
    """Read a file of boxes (Tampered-IC13), one per line.

    A line holds five integers ``x1,y1,x2,y2,label``, both corners belonging
    to the box. Empty files, empty lines, CRLF and a byte order mark are fine.

    Args:
        path: The text file.
        labels: The labels a box may have.
    """

    def fault(numbers: list[int]) -> str:
        if len(numbers) != 5:
            return f'{len(numbers)} integers instead of 5'
        x1, y1, x2, y2, label = numbers
        if x1 > x2 or y1 > y2:
            return 'x1 <= x2 and y1 <= y2 must hold'
        if label not in labels:
            return f'label {label} is none of {list(labels)}'
        return ''

    return _read_lines(path, fault)


def read_polygons(path: str) -> Annotations:
    """Read a file of polygons (SCUT-EnsText ``all_gts``), one per line.

    A line holds at least three points ``x,y,x,y,...`` of integers. Empty
    files (a picture without text), empty lines, CRLF and a byte order mark
    are fine.

    Args:
        path: The text file.
    """

    def fault(numbers: list[int]) -> str:
        if len(numbers) < 6 or len(numbers) % 2:
            return (f'{len(numbers)} integers instead of an even number of '
                    'at least 6')
        return ''

    return _read_lines(path, fault)


def draw_boxes(boxes: Sequence[Sequence[int]],
               shape: tuple[int, int]) -> np.ndarray:
    """Paint boxes as a class map; later boxes paint over earlier ones.

    Args:
        boxes: ``[x1, y1, x2, y2, label]`` each, corners inclusive.
        shape: Height and width of the map.

    Returns:
        uint8 map of shape (H, W), 0 where there is no box.
    """
    seg_map = np.zeros(shape, dtype=np.uint8)
    for x1, y1, x2, y2, label in boxes:
        # max: a negative slice bound would count from the far side
        seg_map[max(y1, 0):max(y2 + 1, 0), max(x1, 0):max(x2 + 1, 0)] = label
    return seg_map


def draw_polygons(polygons: Sequence[Sequence[int]],
                  shape: tuple[int, int]) -> np.ndarray:
    """Paint polygons as a text mask.

    Args:
        polygons: ``[x, y, x, y, ...]`` each, outline inclusive.
        shape: Height and width of the mask.

    Returns:
        uint8 mask of shape (H, W), 1 inside a polygon and 0 elsewhere.
    """
    mask = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        # One call each: in a common call, regions that two polygons cover
        # would be left out (even-odd rule).
        points = np.array(polygon, dtype=np.int32).reshape(-1, 1, 2)
        cv2.fillPoly(mask, [points], 1)
    return mask


def read_mask(path: str) -> np.ndarray:
    """Read the gray values of a text mask, not yet thresholded.

    Returns:
        uint8 array of shape (H, W).
    """
    with open_picture(path) as image:
        return np.asarray(image.convert('L'))


def write_mask(text: np.ndarray, path: Path, **options: object) -> None:
    """Write a text mask as PNG: text 0, background 255.

    Args:
        text: Array of shape (H, W), not zero where there is text.
        path: The file.
        **options: Of Pillow's ``Image.save``.
    """
    mask = np.where(text, np.uint8(0), np.uint8(255))
    Image.fromarray(mask).save(path, format='PNG', **options)


def read_class_values(path: str) -> np.ndarray:
    """Read the values of a class map, not yet mapped to classes.

    Gray images give their gray values, palette images their indices.

    Returns:
        uint8 array of shape (H, W).

    Raises:
        ValueError: If the image is neither 8-bit gray nor palette.
    """
    with open_picture(path) as image:
        if image.mode in ('L', 'P'):
            return np.asarray(image)
        if image.mode in ('1', 'LA'):
            return np.asarray(image.convert('L'))
        if image.mode in ('RGB', 'RGBA'):
            rgb = np.asarray(image.convert('RGB'))
            if (rgb == rgb[..., :1]).all():
                return np.ascontiguousarray(rgb[..., 0])
        raise ValueError(f'{path}: a class map must be an 8-bit gray or '
                         f'palette image, this one is colored or has more '
                         f'bits (mode {image.mode})')


def _read_lines(path: str, fault) -> Annotations:
    annotations = Annotations([], [], [])
    require_file(path)
    text = Path(path).read_text(encoding='utf-8-sig', errors='replace')
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split(',')
        numbers: list[int] = []
        if not all(map(_INTEGER.fullmatch, parts)):
            error = 'not a list of integers separated by commas'
        elif max(map(len, map(str.strip, parts))) > MAX_DIGITS:
            error = f'a number of more than {MAX_DIGITS} digits'
        else:
            numbers = [int(part) for part in parts]
            error = fault(numbers)
        if error:
            annotations.errors.append(f'{path}, line {number}: {error}: '
                                      f'{line.strip()[:80]!r}')
        else:
            annotations.shapes.append(numbers)
            annotations.lines.append(number)
    return annotations
