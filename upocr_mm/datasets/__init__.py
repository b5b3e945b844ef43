from .base_paired_dataset import BasePairedDataset
from .multi_task_dataset import MultiTaskDataset
from .paired_folder import PairedFolderDataset
from .samplers import MultiTaskBatchSampler
from .scut_enstext import SCUTEnsTextDataset
from .seeded_index import SeededIndex
from .synthetic_text import SyntheticTextDataset
from .tampered_ic13 import TamperedIC13Dataset
from .text_polygons import TextPolygonDataset
from .textseg import TextSegDataset
from .transforms import (ByteColorJitter, LoadTargets, PackImageToImageInputs,
                         PairedRandomCrop, PairedRandomFlip,
                         PairedRandomRotate, PairedResize, RandomCellMask)

__all__ = [
    'BasePairedDataset', 'ByteColorJitter', 'LoadTargets',
    'MultiTaskBatchSampler', 'MultiTaskDataset', 'PackImageToImageInputs',
    'PairedFolderDataset', 'PairedRandomCrop', 'PairedRandomFlip',
    'PairedRandomRotate', 'PairedResize', 'RandomCellMask',
    'SCUTEnsTextDataset', 'SeededIndex', 'SyntheticTextDataset',
    'TamperedIC13Dataset', 'TextPolygonDataset', 'TextSegDataset'
]
