from __future__ import annotations
from typing import Dict, Optional

import mmcv
from mmseg.datasets.transforms import RandomRotate
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PairedRandomRotate(RandomRotate):
    """Rotate image and targets by the same random angle.

    The canvas grows so that nothing is cut off. New area is black in images;
    in targets it is what ``fills`` says. Images are interpolated bilinearly,
    ``seg_fields`` by nearest neighbour.

    Modified Keys:

    - img, gt_image (optional), the keys in seg_fields
    - img_shape

    Args:
        max_angle: Largest angle in degrees; the angle is uniform between
            plus and minus this.
        prob: Probability of a rotation.
        fills: Value of new area for each of ``seg_fields``. By default not
            text (0) in ``gt_text_mask`` and ignored (255) in ``gt_seg_map``.
    """

    def __init__(self,
                 max_angle: float = 30,
                 prob: float = 0.5,
                 fills: Optional[Dict[str, int]] = None) -> None:
        super().__init__(prob=prob, degree=max_angle, auto_bound=True)
        self.fills = dict(gt_text_mask=0, gt_seg_map=255)
        self.fills.update(fills or {})

    def transform(self, results: dict) -> dict:
        """Rotate image and targets.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with image, targets and ``img_shape`` changed.
        """
        rotate, angle = self.generate_degree()
        if not rotate:
            return results
        for key in ('img', 'gt_image'):
            if key in results:
                results[key] = mmcv.imrotate(
                    results[key], angle, auto_bound=True)
        for key in results.get('seg_fields', []):
            results[key] = mmcv.imrotate(
                results[key],
                angle,
                border_value=self.fills[key],
                interpolation='nearest',
                auto_bound=True)
        results['img_shape'] = results['img'].shape[:2]
        return results
