"""Synthetic data sets in the layouts of the three real ones.

Every command of the package can be tried with them, without a download.
"""
from .dataset_synthesis import synthesize_dataset

__all__ = ['synthesize_dataset']
