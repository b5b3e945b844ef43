from .base_paired_dataset import BasePairedDataset
from .class_labels import ClassLabels
from .multi_task_dataset import MultiTaskDataset
from .paired_folder import PairedFolderDataset
from .sample_draw import SampleDraw
from .samplers import MultiTaskBatchSampler
from .scut_enstext import SCUTEnsTextDataset
from .tampered_ic13 import TamperedIC13Dataset
from .textseg import TextSegDataset
from .transforms import (ByteColorJitter, LoadTargets, PackImageToImageInputs,
                         PairedRandomCrop, PairedRandomFlip,
                         PairedRandomRotate, PairedResize)

__all__ = [
    'BasePairedDataset', 'ByteColorJitter', 'ClassLabels', 'LoadTargets',
    'MultiTaskBatchSampler', 'MultiTaskDataset', 'PackImageToImageInputs',
    'PairedFolderDataset', 'PairedRandomCrop', 'PairedRandomFlip',
    'PairedRandomRotate', 'PairedResize', 'SCUTEnsTextDataset', 'SampleDraw',
    'TamperedIC13Dataset', 'TextSegDataset'
]
