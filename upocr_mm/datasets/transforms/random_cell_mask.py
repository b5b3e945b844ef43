from __future__ import annotations
import math

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomCellMask(BaseTransform):
    """Choose cells of the image that SegMIM masks.

    Stands behind the last change of the size. (mmpretrain's
    ``SimMIMMaskGenerator`` does the same for square images of a size that is
    stated a second time.)

    Added Keys:

    - masked_cells: (H / cell_size, W / cell_size) uint8, 1 = masked

    Args:
        cell_size: Side of a cell in pixels, a multiple of 4.
        ratio: Share of the cells, in (0, 1]; their number is rounded up.

    Raises:
        ValueError: An argument is not of this form, or a side of an image is
            no multiple of ``cell_size``.
    """

    def __init__(self, cell_size: int = 32, ratio: float = 0.6) -> None:
        if cell_size < 4 or cell_size % 4:
            raise ValueError('cell_size must be a multiple of 4, the patches '
                             f'of the encoder, got {cell_size}')
        if not 0 < ratio <= 1:
            raise ValueError(f'ratio must be in (0, 1], got {ratio}')
        self.cell_size = cell_size
        self.ratio = ratio

    @cache_randomness
    def _order(self, count: int) -> np.ndarray:
        return np.random.permutation(count)

    def transform(self, results: dict) -> dict:
        """Choose the cells.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with ``masked_cells``.
        """
        height, width = results['img'].shape[:2]
        if height % self.cell_size or width % self.cell_size:
            raise ValueError(
                f'RandomCellMask needs sides that are multiples of '
                f'{self.cell_size}, but got an image of {width}x{height}; '
                'put PairedResize before it')
        shape = height // self.cell_size, width // self.cell_size
        cells = np.zeros(shape[0] * shape[1], dtype=np.uint8)
        chosen = self._order(cells.size)
        cells[chosen[:math.ceil(self.ratio * cells.size)]] = 1
        results['masked_cells'] = cells.reshape(shape)
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(cell_size={self.cell_size}, '
                f'ratio={self.ratio})')
