from __future__ import annotations

import numpy as np
from mmseg.datasets.transforms import RandomRotate
from mmseg.registry import TRANSFORMS
from PIL import Image

from ...utils import IGNORE_INDEX
from .paired_random_flip import check_probability

_RESAMPLING = dict(
    nearest=Image.Resampling.NEAREST, bilinear=Image.Resampling.BILINEAR)


@TRANSFORMS.register_module()
class PairedRandomRotate(RandomRotate):
    """Rotate image and targets by the same random angle.

    By PIL's ``Image.rotate(angle, expand=True)``, so that image, target and
    labels are sampled at the same places and, with ``'nearest'``, every pixel
    is that of the reference implementation of UPOCR. The canvas grows so that
    nothing is cut off. New area is black in images; in targets it is what
    ``fills`` says.

    Modified Keys:

    - img, gt_image (optional): (H, W, 3) uint8
    - the keys in seg_fields: (H, W) uint8
    - img_shape

    Args:
        max_angle: Largest angle in degrees; the angle is uniform between
            plus and minus this.
        prob: Probability of a rotation.
        fills: Value of new area for each of ``seg_fields``. By default not
            text (0) in ``gt_text_mask`` and ignored (255) in ``gt_seg_map``.
        interpolation: Of the images: ``'nearest'``, as UPOCR was trained and
            as PIL and torchvision do it by default, or ``'bilinear'``, whose
            edges are smooth. ``seg_fields`` are always nearest.

    Raises:
        ValueError: If an argument is something else.
    """

    def __init__(self,
                 max_angle: float = 30,
                 prob: float = 0.5,
                 fills: dict[str, int] | None = None,
                 interpolation: str = 'nearest') -> None:
        check_probability(prob)
        if not 0 < max_angle <= 180:
            raise ValueError('max_angle must be in (0, 180] degrees, got '
                             f'{max_angle!r}')
        super().__init__(prob=prob, degree=max_angle, auto_bound=True)
        if interpolation not in _RESAMPLING:
            raise ValueError(f'interpolation must be one of '
                             f'{list(_RESAMPLING)}, but got {interpolation!r}')
        self.interpolation = interpolation
        self.fills = dict(gt_text_mask=0, gt_seg_map=IGNORE_INDEX)
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
                results[key] = _rotate(results[key], angle, self.interpolation)
        for key in results.get('seg_fields', []):
            results[key] = _rotate(results[key], angle, 'nearest',
                                   self.fills[key])
        results['img_shape'] = results['img'].shape[:2]
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(max_angle={self.degree[1]}, '
                f'prob={self.prob}, fills={self.fills}, '
                f'interpolation={self.interpolation!r})')


def _rotate(array: np.ndarray,
            angle: float,
            interpolation: str,
            fill: int = 0) -> np.ndarray:
    # The order of the channels does not matter to PIL.
    image = Image.fromarray(array).rotate(
        angle,
        _RESAMPLING[interpolation],
        expand=True,
        fillcolor=fill if array.ndim == 2 else None)
    return np.array(image)
