from __future__ import annotations
from typing import List

import numpy as np
from mmseg.registry import METRICS

from ..functional import class_scores
from .class_map_metric import ClassMapMetric


@METRICS.register_module()
class TamperedTextDetectionMetric(ClassMapMetric):
    """Pixel scores of real and tampered text.

    Needs the fields ``pred_sem_seg`` and ``gt_sem_seg``, integers (1, H, W):
    0 background, 1 real, 2 tampered; in the label 255 is ignored. One
    confusion matrix is summed over the set. All scores are in percent; a
    ratio 0 / 0 is 0.

    Args:
        prefix: Put before the names of the results, with a slash.

    Metrics:
        - IoU_real, P_real, R_real, F_real: intersection over union,
          precision, recall and F-score of real text
        - IoU_tampered, P_tampered, R_tampered, F_tampered: the same of
          tampered text
        - mIoU, mF: mean of real and tampered, without background
    """

    num_classes = 3

    def compute_metrics(self, results: List[np.ndarray]) -> dict:
        """Compute the scores of all pixels together.

        Args:
            results: The confusion matrix of each image.

        Returns:
            Scores by name, in percent.
        """
        _, real, tampered = class_scores(sum(results))
        scores = {}
        for suffix, values in (('real', real), ('tampered', tampered)):
            for name in ('IoU', 'P', 'R', 'F'):
                scores[f'{name}_{suffix}'] = 100 * values[name]
        for name in ('IoU', 'F'):
            scores[f'm{name}'] = 50 * (real[name] + tampered[name])
        return scores
