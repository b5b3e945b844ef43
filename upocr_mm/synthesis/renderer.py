from __future__ import annotations
import zlib
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from .config import PRESETS, preset
from .samples import removal_sample, segmentation_sample, tampering_sample
from .scene import SceneComposer

TASKS = ('text_removal', 'text_segmentation', 'tampered_text_detection')
# The kinds of pictures that are made by default.
DEFAULT_PRESETS = ('scene', 'document', 'poster')
# Of a test split of text removal, as in SCUT-EnsText.
EMPTY_TEST_RATE = 0.02


class SampleRenderer:
    """Makes samples by their number.

    A sample depends on the arguments, its task, its split and its number
    only: not on the process that makes it, and not on those made before.

    Args:
        size: Height and width in pixels, 32 to 4096 each.
        presets: Some of ``'scene'``, ``'document'``, ``'poster'``, ``'sign'``
            and ``'simple'``, equally likely.
        seed: Not negative.
        font_dir: Folder of further fonts, see
            :class:`~upocr_mm.synthesis.font_pool.FontPool`.
        background_dir: Folder of photographs without text, see
            :class:`~upocr_mm.synthesis.background_painter.BackgroundPainter`.
        system_fonts: Whether to use the fonts of the machine, too.
        **changes: Fields of
            :class:`~upocr_mm.synthesis.config.SynthesisConfig` that differ
            from those of the presets.

    Raises:
        FileNotFoundError: There are no fonts or photographs.
        ValueError: An argument is not as described, or a font or photograph
            cannot be read.
    """

    def __init__(self,
                 size: tuple[int, int] = (256, 256),
                 presets: str | Sequence[str] = DEFAULT_PRESETS,
                 seed: int = 0,
                 font_dir: str | Path | None = None,
                 background_dir: str | Path | None = None,
                 system_fonts: bool = False,
                 **changes: Any) -> None:
        names = [presets] if isinstance(presets, str) else list(presets)
        if not names:
            raise ValueError('presets must name at least one of '
                             f'{list(PRESETS)}')
        if isinstance(seed,
                      bool) or not isinstance(seed,
                                              (int, np.integer)) or seed < 0:
            raise ValueError(f'seed must be an integer of at least 0, got '
                             f'{seed!r}')
        self.seed = int(seed)
        size = tuple(size) if isinstance(size, list) else size
        self.composers = [
            SceneComposer(
                preset(name, size=size, **changes), font_dir, background_dir,
                system_fonts) for name in names
        ]

    def random(self, task: str, split: str, index: int) -> np.random.Generator:
        """The source of randomness of a sample."""
        stream = zlib.crc32(f'{task}/{split}'.encode())
        return np.random.default_rng([self.seed, stream, index])

    def render(self, task: str, split: str, index: int) -> Any:
        """Make a sample.

        Args:
            task: One of ``TASKS``.
            split: ``'train'``, ``'val'`` or ``'test'``.
            index: Its number, at least 0.

        Returns:
            A sample of :mod:`upocr_mm.synthesis.samples`.
        """
        rng = self.random(task, split, index)
        composer = self.composers[rng.integers(len(self.composers))]
        if task == 'text_removal':
            empty = split == 'test' and rng.random() < EMPTY_TEST_RATE
            return removal_sample(rng, composer, empty)
        if task == 'text_segmentation':
            return segmentation_sample(rng, composer)
        return tampering_sample(rng, composer)
