from __future__ import annotations
from abc import ABCMeta, abstractmethod
from pathlib import Path

import numpy as np
from PIL import Image

from .scene_composer import SceneComposer


class LayoutWriter(metaclass=ABCMeta):
    """Writes the images of one task in the layout of its real data set.

    Args:
        composer: Makes backgrounds and words.

    Attributes:
        root: Folder of the data set below the output folder.
        splits: The splits that the real data set has.
        folders: Folders to make below the root.
    """

    root: str
    splits: tuple[str, ...]
    folders: tuple[str, ...]

    def __init__(self, composer: SceneComposer) -> None:
        self.composer = composer

    def prepare(self, root: Path) -> None:
        """Make the folders of the layout below ``root``."""
        for folder in self.folders:
            (root / folder).mkdir(parents=True)

    @abstractmethod
    def write(self, root: Path, split: str, index: int,
              rng: np.random.Generator) -> None:
        """Render one image and write all its files.

        Args:
            root: Folder of the data set.
            split: One of ``splits``.
            index: Number of the image in its split, from 0.
            rng: Source of randomness, of this image alone.
        """

    def finish(self, root: Path, counts: dict[str, int]) -> None:
        """Write what describes the whole data set; by default nothing.

        Args:
            root: Folder of the data set.
            counts: Number of images of each split.
        """


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round an image in [0, 1] to uint8; what lies outside is clipped."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def save_jpeg(path: Path, image: np.ndarray, quality: int = 95) -> None:
    """Write a gray (H, W) or RGB (H, W, 3) uint8 image.

    Color is kept at full resolution: at the small sizes made here, halving
    it would smear the words over the borders of their boxes.
    """
    Image.fromarray(image).save(path, quality=quality, subsampling=0)
