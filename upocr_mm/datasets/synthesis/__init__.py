"""Drawn data sets in the layouts of the three real ones.

Every command of the package can be tried with them, without a download.
"""
from .drawing import draw_dataset

__all__ = ['draw_dataset']
