from __future__ import annotations
from typing import NamedTuple

from ..base_paired_dataset import BasePairedDataset


class DataPart(NamedTuple):
    """One split of one data set.

    Args:
        name: The task, or the folder of the data set.
        split: ``'train'``, ``'val'``, ``'test'`` or ``'all'``.
        dataset: The data set, not yet listed.
        turns_images: Whether its pipeline turns images by their EXIF
            orientation, which no target is.
    """
    name: str
    split: str
    dataset: BasePairedDataset
    turns_images: bool = False

    @property
    def title(self) -> str:
        """Split and name, as the messages have them."""
        return f'{self.split} {self.name}'
