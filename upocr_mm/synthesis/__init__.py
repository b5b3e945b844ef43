"""Synthetic data: text as the world has it, with exact targets.

Every command of the package can be tried with it, without a download.
"""
from .config import (PRESETS, CameraConfig, SynthesisConfig, TamperingConfig,
                     preset)
from .dataset_synthesis import synthesize_dataset
from .renderer import SampleRenderer
from .samples import RemovalSample, SegmentationSample, TamperingSample

__all__ = [
    'CameraConfig', 'PRESETS', 'RemovalSample', 'SampleRenderer',
    'SegmentationSample', 'SynthesisConfig', 'TamperingConfig',
    'TamperingSample', 'preset', 'synthesize_dataset'
]
