from __future__ import annotations
from typing import Sequence

import mmcv
import numpy as np
from mmseg.datasets.transforms import Resize
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedResize(Resize):
    """Resize image and targets to one size, not keeping the aspect ratio.

    Images (``img``, ``gt_image``): bicubic with antialiasing, as PIL does
    it; ``seg_fields``: nearest, also by PIL (sampled at pixel centers).
    UPOCR resizes everything to 512x512 in this way.

    Modified Keys:

    - img, gt_image (optional), the keys in seg_fields
    - img_shape

    Added Keys:

    - scale, scale_factor (width, height), keep_ratio

    Args:
        size: **Height** and width in pixels.

    Raises:
        ValueError: ``size`` is something else.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        if not (isinstance(size, Sequence) and len(size) == 2
                and all(isinstance(side, int) and side >= 1 for side in size)):
            raise ValueError('size of PairedResize must be (height, width), '
                             f'two integers of at least 1, got {size!r}')
        height, width = size
        super().__init__(
            scale=(width, height), backend='pillow', interpolation='bicubic')

    def transform(self, results: dict) -> dict:
        """Resize image and targets.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with image, targets and ``img_shape`` changed.
        """
        for key in ('img', 'gt_image', *results.get('seg_fields', [])):
            if key in results:
                # A crop's rows do not follow each other: PIL would have NumPy
                # write them out value by value (NumPy < 2: ten times slower).
                results[key] = np.ascontiguousarray(results[key])
        return super().transform(results)

    def _resize_img(self, results: dict) -> None:
        super()._resize_img(results)
        if 'gt_image' in results:
            results['gt_image'] = mmcv.imresize(
                results['gt_image'],
                self.scale,
                interpolation=self.interpolation,
                backend=self.backend)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.scale[::-1]})'
