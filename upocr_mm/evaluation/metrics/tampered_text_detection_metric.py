from __future__ import annotations
import math

import cv2
import numpy as np
from mmseg.registry import METRICS

from ...dependencies import require
from ..functional import area_under_roc, class_scores, image_iou
from ..functional.text_detection import match_ic15, sum_matches, to_polygon
from .class_map_metric import ClassMapMetric
from .per_sample_metric import warn_undefined

_CLASSES = dict(real=1, tampered=2)


@METRICS.register_module()
class TamperedTextDetectionMetric(ClassMapMetric):
    """Scores of real and tampered text, of pixels and of whole images.

    Needs the fields ``pred_sem_seg`` and ``gt_sem_seg``, integers (1, H, W):
    0 background, 1 real, 2 tampered; in the label 255 is ignored. One
    confusion matrix is summed over the set. All scores are in percent. The
    precision of a class that is not predicted is 0; of one that no label has
    there is nothing to score, its scores and the means are ``nan``, and the
    log says so. Images that are ignored as a whole do not count.

    Args:
        min_tampered: An image is called tampered if more than this fraction
            of its pixels is. Default: 16x16 pixels of 512x512, a small
            character.
        boxes: Also score boxes, as the data set's authors do (Wang et al.,
            ECCV 2022: a box is right if its IoU exceeds 0.5). Those of the
            prediction surround the connected pixels of a class; those of the
            ground truth are ``ori_boxes`` of the metainfo, ``[x1, y1, x2, y2,
            class]`` each in pixels of the file, corners inclusive.
        prefix: Put before the names of the results, with a slash.

    Raises:
        ImportError: ``boxes`` is on and ``shapely`` is not installed.
        ValueError: ``min_tampered`` is not in [0, 1).

    Metrics:
        - IoU_real, P_real, R_real, F_real: intersection over union,
          precision, recall and F-score of real text
        - IoU_tampered, P_tampered, R_tampered, F_tampered: the same of
          tampered text
        - mIoU, mF: mean of real and tampered, without background
        - image_AUC: area under the ROC curve of the predicted fraction of
          tampered pixels, images with tampered text against those without;
          left out if there is one kind only
        - image_accuracy: images rightly called tampered or not
        - false_alarm_rate, false_alarm_pixels: images without tampered text
          that are called tampered, and pixels called so in them; left out if
          there are none
        - box_R_*, box_P_*, box_F_* of real and tampered: scores of boxes
    """

    num_classes = 3
    worst_by = 'mIoU'

    def __init__(self,
                 min_tampered: float = 0.001,
                 boxes: bool = False,
                 prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        if not 0 <= min_tampered < 1:
            raise ValueError('min_tampered must be a fraction in [0, 1), but '
                             f'got {min_tampered!r}')
        if boxes:
            require('shapely', 'evaluation')
        self.min_tampered = min_tampered
        self.boxes = boxes

    def measure(self, data_sample: dict) -> dict:
        """Count the pixels, and match the boxes, of one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            ``matrix``, the confusion matrix (3, 3), and with ``boxes`` the
            matches of ``real`` and ``tampered``.

        Raises:
            ValueError: If a field or the boxes are missing, the sizes differ
                or a class is out of range.
        """
        result: dict = super().measure(data_sample)
        if self.boxes:
            pred = self.get_data(data_sample, 'pred_sem_seg')[0].numpy()
            gts = self._gt_boxes(data_sample)
            for name, index in _CLASSES.items():
                result[name] = match_ic15(
                    [to_polygon(box[:4]) for box in gts if box[4] == index], [
                        to_polygon(box)
                        for box in _component_boxes(pred == index)
                    ])
        return result

    @property
    def score_names(self) -> list[str]:
        kinds = [('', ('IoU', 'P', 'R', 'F'))]
        if self.boxes:
            kinds.append(('box_', ('R', 'P', 'F')))
        of_classes = [
            f'{kind}{name}_{suffix}' for kind, names in kinds for name in names
            for suffix in _CLASSES
        ]
        return [
            *of_classes, 'mIoU', 'mF', 'image_AUC', 'image_accuracy',
            'false_alarm_rate', 'false_alarm_pixels'
        ]

    def compute_metrics(self, results: list[dict]) -> dict:
        """Compute the scores of all pixels together.

        Args:
            results: What :meth:`measure` returned for each image.

        Returns:
            Scores by name, in percent.
        """
        matrices = self.matrices(results)
        total = sum(matrices)
        classes = class_scores(total)
        undefined = self.undefined(total, _CLASSES)
        scores = {}
        for suffix, index in _CLASSES.items():
            for name in ('IoU', 'P', 'R', 'F'):
                value = 100 * classes[index][name]
                scores[f'{name}_{suffix}'] = (
                    math.nan if suffix in undefined else value)
        for name in ('IoU', 'F'):
            scores[f'm{name}'] = (scores[f'{name}_real'] +
                                  scores[f'{name}_tampered']) / 2
        scores.update(self._image_level([m for m in matrices if m.any()]))
        if self.boxes:
            scores.update(self._box_scores(results))
        return scores

    def _box_scores(self, results: list[dict]) -> dict[str, float]:
        scores = {}
        for suffix in _CLASSES:
            total = sum_matches([result[suffix] for result in results])
            if not total.num_gt:
                warn_undefined(self, f'the scores of boxes of {suffix}',
                               'the data set has no such box')
            for name, value in total.scores().items():
                scores[f'box_{name}_{suffix}'] = (100 * value if total.num_gt
                                                  else math.nan)
        return scores

    def image_scores(self, result: dict) -> dict[str, float]:
        """Scores of one image; the IoU is over the classes that occur."""
        matrix, = self.matrices([result])
        if not matrix.any():  # all is ignored
            return {}
        classes = class_scores(matrix)
        return dict(
            mIoU=100 * image_iou(matrix),
            F_real=100 * classes[1]['F'],
            F_tampered=100 * classes[2]['F'],
            tampered_fraction=_fraction(matrix[:, 2], matrix))

    def _image_level(self, matrices: list[np.ndarray]) -> dict[str, float]:
        if not matrices:
            return dict(image_accuracy=math.nan)
        fractions = np.array(
            [_fraction(matrix[:, 2], matrix) for matrix in matrices])
        is_tampered = np.array([matrix[2].any() for matrix in matrices])
        is_called = fractions > self.min_tampered
        scores = dict(image_accuracy=100 *
                      float((is_called == is_tampered).mean()))
        if not is_tampered.all():
            authentic = sum(matrix
                            for matrix, flag in zip(matrices, is_tampered)
                            if not flag)
            scores.update(
                false_alarm_rate=100 * float(is_called[~is_tampered].mean()),
                false_alarm_pixels=100 * _fraction(authentic[:, 2], authentic))
            if is_tampered.any():
                scores['image_AUC'] = 100 * area_under_roc(
                    fractions[is_tampered], fractions[~is_tampered])
        return scores

    def _gt_boxes(self, data_sample: dict) -> list[list[int]]:
        boxes = data_sample.get('ori_boxes')
        if boxes is None:
            raise ValueError(
                f'the boxes of {data_sample.get("img_path")!r} are not known: '
                'boxes=True needs a data set that gives them '
                '(TamperedIC13Dataset), LoadTargets in its pipeline and '
                'ori_boxes among the meta_keys of PackImageToImageInputs')
        # Both corners belong to a box.
        return [[x1, y1, x2 + 1, y2 + 1, label]
                for x1, y1, x2, y2, label in boxes]


def _fraction(counts: np.ndarray, matrix: np.ndarray) -> float:
    total = int(matrix.sum())
    return int(counts.sum()) / total if total else 0.


def _component_boxes(mask: np.ndarray) -> list[list[int]]:
    """``x1, y1, x2, y2`` around the connected pixels of a mask."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [[x, y, x + w, y + h] for x, y, w, h, _ in stats[1:].tolist()]
