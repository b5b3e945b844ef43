from __future__ import annotations

import mmcv
from mmseg.datasets.transforms import RandomFlip
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomFlip(RandomFlip):
    """Flip image and targets together.

    Modified Keys:

    - img, gt_image (optional), the keys in seg_fields

    Added Keys:

    - flip, flip_direction

    Args:
        prob: Probability, a float of 0 to 1.
        **kwargs: Further arguments of mmseg's ``RandomFlip``.
    """

    def __init__(self, prob: float, **kwargs) -> None:
        super().__init__(prob=prob, **kwargs)

    def _flip(self, results: dict) -> None:
        super()._flip(results)
        if 'gt_image' in results:
            results['gt_image'] = mmcv.imflip(
                results['gt_image'], direction=results['flip_direction'])
