from __future__ import annotations
from typing import Sequence

import cv2
from mmseg.datasets.transforms import RandomFlip
from mmseg.registry import TRANSFORMS

_CODES = dict(horizontal=1, vertical=0, diagonal=-1)  # of OpenCV


@TRANSFORMS.register_module()
class PairedRandomFlip(RandomFlip):
    """Flip image and targets together.

    Modified Keys:

    - img, gt_image (optional), the keys in seg_fields

    Added Keys:

    - flip, flip_direction

    Args:
        prob: Probability, a float of 0 to 1.
        direction: ``'horizontal'``, ``'vertical'`` or ``'diagonal'``, or some
            of them, one of which is chosen.

    Raises:
        ValueError: An argument is something else.
    """

    def __init__(self,
                 prob: float,
                 direction: str | Sequence[str] = 'horizontal') -> None:
        check_probability(prob)
        chosen = [direction] if isinstance(direction, str) else direction
        if not chosen or not set(chosen) <= set(_CODES):
            raise ValueError(f'direction must be among {list(_CODES)}, got '
                             f'{direction!r}')
        super().__init__(prob=float(prob), direction=direction)

    def _flip(self, results: dict) -> None:
        # Not mmcv.imflip: its view with a negative stride has to be copied
        # for OpenCV and PIL, pixel by pixel, which takes ten times as long.
        code = _CODES[results['flip_direction']]
        for key in ('img', 'gt_image', *results.get('seg_fields', [])):
            if key in results:
                results[key] = cv2.flip(results[key], code)


def check_probability(prob: float) -> None:
    """Refuse what is no probability.

    Args:
        prob: Should be from 0 to 1.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(prob, (int, float)) or not 0 <= prob <= 1:
        raise ValueError(f'prob must be from 0 to 1, got {prob!r}')
