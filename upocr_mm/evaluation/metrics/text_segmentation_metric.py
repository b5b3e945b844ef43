from __future__ import annotations
import math
from typing import Sequence

import numpy as np
from mmengine.logging import print_log
from mmseg.registry import METRICS

from ..functional import (average_image_f, binary_scores, image_iou,
                          threshold_counts)
from .class_map_metric import ClassMapMetric


@METRICS.register_module()
class TextSegmentationMetric(ClassMapMetric):
    """Scores of the text class in stroke-level text segmentation.

    Needs the fields ``pred_sem_seg`` and ``gt_sem_seg``, integers (1, H, W):
    0 background, 1 text; in the label 255 is ignored. All scores are in
    percent. The precision of what predicts no text is 0; without text in the
    labels there is nothing to score, all are ``nan``, and the log says so.

    The threshold of the prediction is that of the codec
    (``model.codecs.text_segmentation.threshold``). To find a good one, let
    this metric try several on a **validation** set.

    Args:
        thresholds: Thresholds in [0, 1] to try on the mean of the channels of
            ``pred_image`` (3, H, W); the table is logged.
        prefix: Put before the names of the results, with a slash.

    Raises:
        ValueError: If a threshold is not in [0, 1].

    Metrics:
        - fgIoU: intersection over union of text, all pixels of the set
          together
        - P, R, F: precision, recall and F-score of text, all pixels of the
          set together ("micro", as in the paper)
        - F_image: mean F-score of the single images ("macro", as TexRNet and
          Hi-SAM print it); not comparable with F
        - best_threshold, best_fgIoU: of the thresholds tried (the lowest of
          equally good ones)
    """

    num_classes = 2
    worst_by = 'fgIoU'

    def __init__(self,
                 thresholds: Sequence[float] | None = None,
                 prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        # float32, in which the codec compares
        self.thresholds = np.unique(
            np.array([] if thresholds is None else thresholds, np.float32))
        if self.thresholds.size and not (0 <= self.thresholds[0]
                                         and self.thresholds[-1] <= 1):
            raise ValueError('thresholds must lie in [0, 1], but got '
                             f'{thresholds!r}')

    def measure(self, data_sample: dict) -> dict[str, list]:
        """Count the pixels of one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            ``matrix``, the confusion matrix (2, 2), and with thresholds
            ``sweep``, those of each threshold (K, 2, 2).

        Raises:
            ValueError: If a field is missing, the sizes differ, or a class is
                out of range.
        """
        result = super().measure(data_sample)
        if self.thresholds.size:
            image = self.get_data(data_sample, 'pred_image').float()
            label = self.get_data(data_sample, 'gt_sem_seg')
            if image.shape[1:] != label.shape[1:]:
                raise ValueError(
                    'pred_image and gt_sem_seg of '
                    f'{data_sample.get("img_path")!r} must have the same '
                    f'size, but got {tuple(image.shape[1:])} and '
                    f'{tuple(label.shape[1:])}')
            result['sweep'] = threshold_counts(
                image.mean(0, keepdim=True).numpy(), label.numpy(),
                self.thresholds).tolist()
        return result

    @property
    def score_names(self) -> list[str]:
        swept = ['best_threshold', 'best_fgIoU'
                 ] if self.thresholds.size else []
        return ['fgIoU', 'P', 'R', 'F', 'F_image', *swept]

    def compute_metrics(self, results: list[dict]) -> dict:
        """Compute the scores of all pixels together.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            Scores by name, in percent.
        """
        matrices = self.matrices(results)
        total = sum(matrices)
        if self.undefined(total, dict(text=1)):
            return dict.fromkeys(self.score_names, math.nan)
        scores = binary_scores(total)
        scores['F_image'] = average_image_f(matrices)
        scores = {
            name: 100 * scores[name]
            for name in ('fgIoU', 'P', 'R', 'F', 'F_image')
        }
        if self.thresholds.size:
            scores.update(self._best_threshold(results))
        return scores

    def image_scores(self, result: dict) -> dict[str, float]:
        """Scores of one image; without text in both, the IoU is 100 and
        there are no others, and none if all is ignored."""
        matrix, = self.matrices([result])
        if not matrix.any():
            return {}
        scores = binary_scores(matrix)
        scores['fgIoU'] = image_iou(matrix)
        has_text = matrix.sum() > matrix[0, 0]
        names = ('fgIoU', 'P', 'R', 'F') if has_text else ('fgIoU', )
        return {name: 100 * scores[name] for name in names}

    def _best_threshold(self, results: list[dict]) -> dict[str, float]:
        counts = sum(np.array(result['sweep']) for result in results)
        rows = [binary_scores(matrix) for matrix in counts]
        best = int(np.argmax([row['fgIoU'] for row in rows]))
        lines = ['threshold   fgIoU       P       R       F']
        for i, (threshold, row) in enumerate(zip(self.thresholds, rows)):
            lines.append(f'{threshold:9.3f}' +
                         ''.join(f'{100 * row[name]:8.2f}'
                                 for name in ('fgIoU', 'P', 'R', 'F')) +
                         (' <- best' if i == best else ''))
        print_log('\n' + '\n'.join(lines), 'current')
        return dict(
            best_threshold=round(float(self.thresholds[best]), 6),
            best_fgIoU=100 * rows[best]['fgIoU'])
