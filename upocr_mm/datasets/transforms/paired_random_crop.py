from __future__ import annotations
from typing import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomCrop(BaseTransform):
    """Cut the same random rectangle out of image and targets.

    Height and width are independent random fractions of the image's; the
    place is uniform. UPOCR: 0.7 to 1 for text segmentation, 0.5 to 1 for
    tampered text detection.

    Modified Keys:

    - img, gt_image (optional), the keys in seg_fields
    - img_shape

    Args:
        scale: Smallest and largest fraction of a side, in (0, 1].

    Raises:
        ValueError: If ``scale`` is out of range.
    """

    def __init__(self, scale: tuple[float, float] = (0.7, 1.0)) -> None:
        if not (isinstance(scale, Sequence) and len(scale) == 2
                and 0 < scale[0] <= scale[1] <= 1):
            raise ValueError('scale must be (low, high) with 0 < low <= high '
                             f'<= 1, got {scale!r}')
        self.scale = scale

    @cache_randomness
    def _window(self, height: int, width: int) -> tuple[slice, slice]:
        slices = []
        for side in (height, width):
            length = max(1, int(round(side * np.random.uniform(*self.scale))))
            start = np.random.randint(side - length + 1)
            slices.append(slice(start, start + length))
        return tuple(slices)

    def transform(self, results: dict) -> dict:
        """Crop image and targets.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with image, targets and ``img_shape`` changed.
        """
        window = self._window(*results['img'].shape[:2])
        for key in ('img', 'gt_image', *results.get('seg_fields', [])):
            if key in results:
                results[key] = results[key][window]
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(scale={self.scale})'
