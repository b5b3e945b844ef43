"""Writers of tiny image and label files."""
from pathlib import Path

import cv2
import numpy as np

SHAPE = (40, 60)  # height, width


def write_image(path: Path, seed: int = 0, shape=SHAPE) -> None:
    """Write a random color image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.RandomState(seed).randint(0, 256, (*shape, 3))
    assert cv2.imwrite(str(path), image.astype(np.uint8))


def write_gray(path: Path, array: np.ndarray) -> None:
    """Write a gray map as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array.astype(np.uint8))


def write_text(path: Path, text: str) -> None:
    """Write a text file without changing its line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
