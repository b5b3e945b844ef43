from __future__ import annotations
from pathlib import Path

import numpy as np
from mmseg.registry import TASK_UTILS

from .base_text_detector import BaseTextDetector


@TASK_UTILS.register_module()
class StoredTextDetector(BaseTextDetector):
    """Results that another program wrote, one text file for each prediction.

    A line holds a polygon, ``x,y,x,y,...``, or a box, ``x1,y1,x2,y2``, in
    pixels of the original image; what follows the numbers (a transcription)
    is skipped. An empty file means that nothing was found.

    Args:
        folder: Folder of the files.
        pattern: Their names; ``{stem}`` stands for the image's name without
            its ending.
        name: Name of the detector in the scores.
        coordinates: How many numbers of a line are coordinates, 8 for
            quadrilaterals. Needed where a confidence or a transcription that
            may be a number follows. Default: all numbers of a line.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: ``pattern`` lacks ``{stem}``.
    """

    sees_images = False

    def __init__(self,
                 folder: str,
                 pattern: str = '{stem}.txt',
                 name: str = 'stored',
                 coordinates: int | None = None) -> None:
        if not Path(folder).is_dir():
            raise FileNotFoundError(f'the folder {folder} of stored '
                                    'detections does not exist')
        if '{stem}' not in pattern:
            raise ValueError('pattern must hold {stem}, the name of the image '
                             f'without its ending, but is {pattern!r}')
        self.folder, self.pattern, self.name = Path(folder), pattern, name
        self.coordinates = coordinates

    def detect(self, image: np.ndarray, img_path: str) -> list[list[float]]:
        """Read the result of one image.

        Raises:
            FileNotFoundError: There is no file for the image.
            ValueError: A line does not begin with the numbers of a region.
        """
        file = self.folder / self.pattern.format(stem=Path(img_path).stem)
        if not file.is_file():
            raise FileNotFoundError(f'no stored detections of {img_path}: '
                                    f'{file} does not exist')
        polygons = []
        lines = file.read_text(encoding='utf-8-sig').splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            numbers = _leading_numbers(line)[:self.coordinates]
            wanted = self.coordinates or 'an even number of at least 4'
            if (len(numbers) % 2 or len(numbers) < (self.coordinates or 4)
                    or not np.isfinite(numbers).all()):
                raise ValueError(
                    f'{file}, line {number}: {len(numbers)} numbers instead '
                    f'of {wanted} (x,y,x,y,... or x1,y1,x2,y2; if others '
                    f'follow them, set coordinates): {line[:80]!r}')
            polygons.append(numbers)
        return polygons


def _leading_numbers(line: str) -> list[float]:
    numbers = []
    for part in line.split(','):
        try:
            numbers.append(float(part))
        except ValueError:
            break
    return numbers
