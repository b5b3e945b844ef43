from __future__ import annotations
from typing import List

import numpy as np
from mmseg.registry import METRICS

from ..functional import average_image_f, binary_scores
from .class_map_metric import ClassMapMetric


@METRICS.register_module()
class TextSegmentationMetric(ClassMapMetric):
    """Scores of the text class in stroke-level text segmentation.

    Needs the fields ``pred_sem_seg`` and ``gt_sem_seg``, integers (1, H, W):
    0 background, 1 text; in the label 255 is ignored. All scores are in
    percent; a ratio 0 / 0 is 0.

    Args:
        prefix: Put before the names of the results, with a slash.

    Metrics:
        - fgIoU: intersection over union of text, all pixels of the set
          together
        - P, R, F: precision, recall and F-score of text, all pixels of the
          set together ("micro", as in the paper)
        - F_image: mean F-score of the single images ("macro", as TexRNet and
          Hi-SAM print it); not comparable with F
    """

    num_classes = 2

    def compute_metrics(self, results: List[np.ndarray]) -> dict:
        """Compute the scores of all pixels together.

        Args:
            results: The confusion matrix of each image.

        Returns:
            Scores by name, in percent.
        """
        scores = binary_scores(sum(results))
        scores['F_image'] = average_image_f(results)
        return {
            name: 100 * scores[name]
            for name in ('fgIoU', 'P', 'R', 'F', 'F_image')
        }
