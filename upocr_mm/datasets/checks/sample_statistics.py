from __future__ import annotations
from typing import NamedTuple

import cv2
import numpy as np

from ...utils import IGNORE_INDEX, open_picture
from ..transforms import LoadTargets


class SampleStatistics(NamedTuple):
    """What is counted in one sample.

    Args:
        shape: Height and width of the image, in pixels.
        text_share: Share of the pixels that are text, 0 to 1: those of the
            text mask or those of a class other than 0, among the pixels that
            are not ignored. None if the sample has neither.
        text_heights: Height of each text region, in pixels, float32: of a
            box, its height; of a polygon, the shorter side of the smallest
            rectangle around it; else of the connected regions of text, which
            in a map of strokes are letters and parts of letters.
        region_kind: ``'boxes'``, ``'polygons'`` or ``'connected'``, or None.
        class_pixels: Number of pixels of each class that occurs; class 255
            is ignored. None if the sample has no classes.
    """
    shape: tuple[int, int]
    text_share: float | None
    text_heights: np.ndarray
    region_kind: str | None
    class_pixels: dict[int, int] | None


def measure_sample(sample: dict) -> SampleStatistics:
    """Count text and classes of a sample whose files are good.

    Targets are those that a training sees before augmentation.

    Args:
        sample: A data info (see :class:`BasePairedDataset`).
    """
    with open_picture(sample['img_path']) as image:
        shape = image.size[::-1]
    results = {k: v for k, v in sample.items() if k != 'target_path'}
    results = LoadTargets()(dict(results, ori_shape=shape))
    text = counted = class_pixels = None
    if 'gt_seg_map' in results:
        classes = results['gt_seg_map']
        counts = np.bincount(classes.ravel())
        class_pixels = {int(c): int(counts[c]) for c in counts.nonzero()[0]}
        counted = classes != IGNORE_INDEX
        text = counted & (classes != 0)
    elif 'gt_text_mask' in results:
        text = results['gt_text_mask'].astype(bool)
        counted = np.ones_like(text)
    kind, heights = _text_heights(sample, text)
    return SampleStatistics(
        shape=shape,
        text_share=(None if text is None else float(text.sum() /
                                                    max(counted.sum(), 1))),
        text_heights=np.array(heights, np.float32),
        region_kind=kind,
        class_pixels=class_pixels)


def _text_heights(sample: dict,
                  text: np.ndarray | None) -> tuple[str | None, list[float]]:
    if 'boxes' in sample:
        return 'boxes', [y2 - y1 + 1 for _, y1, _, y2, _ in sample['boxes']]
    if 'polygons' in sample:
        return 'polygons', [
            # Pixels, not the distances between their centers.
            min(cv2.minAreaRect(np.array(p, np.float32).reshape(-1, 2))[1]) + 1
            for p in sample['polygons']
        ]
    if text is None:
        return None, []
    regions = cv2.connectedComponentsWithStats(text.astype(np.uint8))[2]
    return 'connected', regions[1:, cv2.CC_STAT_HEIGHT].tolist()
