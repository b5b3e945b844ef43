from __future__ import annotations
from abc import ABCMeta, abstractmethod
from pathlib import Path
from typing import Any


class LayoutWriter(metaclass=ABCMeta):
    """Writes the samples of one task in the layout of its real data set.

    Attributes:
        root: Folder of the data set below the output folder.
        splits: The splits that the real data set has.
        folders: Folders to make below the root.
    """

    root: str
    splits: tuple[str, ...]
    folders: tuple[str, ...]

    def prepare(self, root: Path) -> None:
        """Make the folders of the layout below ``root``."""
        for folder in self.folders:
            (root / folder).mkdir(parents=True)

    @abstractmethod
    def paths(self, split: str, index: int) -> list[str]:
        """The files of a sample, relative to the root.

        Args:
            split: One of ``splits``.
            index: Number of the sample in its split, from 0.
        """

    @abstractmethod
    def write(self, root: Path, split: str, index: int, sample: Any) -> None:
        """Write all files of a sample.

        Args:
            root: Folder of the data set.
            split: One of ``splits``.
            index: Number of the sample in its split, from 0.
            sample: The sample.
        """

    def finish(self, root: Path, counts: dict[str, int]) -> None:
        """Write what describes the whole data set; by default nothing.

        Args:
            root: Folder of the data set.
            counts: Number of images of each split.
        """

    def known_paths(self, counts: dict[str, int]) -> set[str]:
        """All files of a data set, relative to the root.

        Args:
            counts: Number of images of each split.
        """
        return {
            path
            for split in self.splits
            for index in range(counts.get(split, 0))
            for path in self.paths(split, index)
        }
