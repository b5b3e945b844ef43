from __future__ import annotations
import dataclasses
import reprlib
from typing import Sequence

import numpy as np

from .compositing import (MAX_GROWTH, PRESETS, Shape, Strength, is_mask,
                          shapes_to_mask)

SIZINGS = ('auto', 'resize', 'tile')
COMPOSITES = ('text', 'none')
MASKS = ('segmentation', 'change', 'regions')


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """What is wanted of a picture, and how.

    Args:
        tasks: ``'all'``, or names of tasks. They share one pass of the
            encoder.
        sizing: ``'resize'``: the picture as a whole is resized to the size of
            the training, as in the paper, and the results back. ``'tile'``:
            it is cut into tiles of that size. ``'auto'``: as a whole, unless
            its text would become too small.
        overlap: Pixels that neighboring tiles share; by default a quarter of
            a tile.
        tta: Whether to average the outputs with those of the mirror image
            and, but for tampered text detection, of both at three quarters of
            their size (test-time augmentation): better, above all for large
            letters, in four times the time.
        composite: ``'text'``: text removal changes nothing but the text.
            ``'none'``: the text-free picture is the output of the model
            everywhere, as it is scored.
        mask: What text is: ``'segmentation'`` (the text segmentation of the
            same pass), ``'change'`` (what text removal changes), ``'regions'``
            (all of ``regions``), or a bool array (H, W).
        regions: Boxes ``[x1, y1, x2, y2]`` and polygons ``[[x, y], ...]``, in
            pixels of the upright picture, or a bool array (H, W): only there
            is text removed.
        keep: The same: there is no text removed.
        preset: ``'careful'``, ``'normal'`` or ``'thorough'``: how much counts
            as text. It sets the following, unless they are given.
        threshold: See :class:`~upocr_mm.apis.compositing.Strength`.
        dilation: The same, at most 1000.
        feather: The same, at most 1000.

    Raises:
        ValueError: A value is not as described.
    """
    tasks: str | Sequence[str] = 'all'
    sizing: str = 'auto'
    overlap: int | None = None
    tta: bool = False
    composite: str = 'text'
    mask: str | np.ndarray = 'segmentation'
    regions: Sequence[Shape] | np.ndarray | None = None
    keep: Sequence[Shape] | np.ndarray | None = ()
    preset: str = 'normal'
    threshold: float | None = None
    dilation: int | None = None
    feather: int | None = None

    def __post_init__(self) -> None:
        for field, allowed in (('sizing', SIZINGS), ('composite', COMPOSITES),
                               ('preset', tuple(PRESETS))):
            value = getattr(self, field)
            if value not in allowed:
                raise ValueError(f'{field} must be one of {allowed}, but got '
                                 f'{value!r}')
        if not isinstance(self.tta, bool):
            raise ValueError(f'tta must be True or False, but got '
                             f'{self.tta!r}')
        if isinstance(self.mask, str):
            if self.mask not in MASKS:
                raise ValueError(f'mask must be one of {MASKS} or an array, '
                                 f'but got {self.mask!r}')
        elif np.ndim(self.mask) != 2:
            raise ValueError('mask must be an array of shape (H, W), but got '
                             f'{np.shape(self.mask)}')
        for field in ('regions', 'keep'):
            shapes = getattr(self, field)
            if shapes is not None and not is_mask(shapes):
                shapes_to_mask(shapes, (1, 1), field)
        if isinstance(self.mask, str) and self.mask == 'regions' and (
                self.regions is None or len(self.regions) == 0):
            raise ValueError("mask='regions' needs regions")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError('threshold must lie in [0, 1], but got '
                             f'{self.threshold}')
        for field in ('dilation', 'feather', 'overlap'):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, int)
                                          and value >= 0):
                raise ValueError(f'{field} must be an integer of at least 0, '
                                 f'but got {value!r}')
        for field in ('dilation', 'feather'):
            value = getattr(self, field)
            if value is not None and value > MAX_GROWTH:
                raise ValueError(f'{field} must be at most {MAX_GROWTH}, but '
                                 f'got {reprlib.repr(value)}')

    @property
    def strength(self) -> Strength:
        """The preset, with what is set beside it."""
        changes = {
            field: getattr(self, field)
            for field in Strength._fields if getattr(self, field) is not None
        }
        return PRESETS[self.preset]._replace(**changes)
