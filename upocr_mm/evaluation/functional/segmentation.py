"""Scores of class maps from pixel counts over a whole data set.

A ratio whose denominator is zero is 0, as in scikit-learn: a model that does
not predict a class yet has a precision of 0. (Classes that no label of a set
has are the metrics' to leave out.)
"""
from __future__ import annotations

import numpy as np

from ...utils import IGNORE_INDEX


def confusion_matrix(pred: np.ndarray,
                     label: np.ndarray,
                     num_classes: int,
                     ignore_index: int = IGNORE_INDEX) -> np.ndarray:
    """Count the pixels of each pair of classes.

    Args:
        pred: Integer class map of any shape, values in [0, num_classes).
        label: Integer class map of the same shape, values in [0, num_classes)
            or ``ignore_index``.
        num_classes: Number of classes.
        ignore_index: Label of the pixels that are left out.

    Returns:
        int64 matrix of shape (num_classes, num_classes); row = label, column
        = prediction.

    Raises:
        ValueError: If the shapes differ or a value is out of range.
    """
    if pred.shape != label.shape:
        raise ValueError('prediction and label must have the same shape, but '
                         f'got {pred.shape} and {label.shape}')
    counted = label != ignore_index
    # int64 before the product below, which overflows in uint8.
    pred = pred[counted].astype(np.int64)
    label = label[counted].astype(np.int64)
    for name, values in (('prediction', pred), ('label', label)):
        if values.size and not (0 <= values.min()
                                and values.max() < num_classes):
            raise ValueError(
                f'the {name} holds the values {np.unique(values).tolist()}, '
                f'but allowed are 0 to {num_classes - 1}, in labels also '
                f'{ignore_index} (ignored)')
    counts = np.bincount(
        label * num_classes + pred, minlength=num_classes * num_classes)
    return counts.reshape(num_classes, num_classes)


def scores_from_counts(tp: int, fp: int, fn: int) -> dict[str, float]:
    """IoU, precision, recall and F-score of one class.

    Args:
        tp: Pixels of the class that were predicted as such.
        fp: Pixels that were wrongly predicted as the class.
        fn: Pixels of the class that were missed.

    Returns:
        Fractions ``IoU``, ``P``, ``R`` and ``F = 2 tp / (2 tp + fp + fn)``.
    """
    return dict(
        IoU=_ratio(tp, tp + fp + fn),
        P=_ratio(tp, tp + fp),
        R=_ratio(tp, tp + fn),
        F=_ratio(2 * tp, 2 * tp + fp + fn))


def class_scores(matrix: np.ndarray) -> list[dict[str, float]]:
    """Scores of each class of a confusion matrix.

    Args:
        matrix: Result of :func:`confusion_matrix`, or a sum of such.

    Returns:
        One result of :func:`scores_from_counts` per class.
    """
    scores = []
    for index in range(len(matrix)):
        tp = int(matrix[index, index])
        fp = int(matrix[:, index].sum()) - tp
        fn = int(matrix[index].sum()) - tp
        scores.append(scores_from_counts(tp, fp, fn))
    return scores


def binary_scores(matrix: np.ndarray) -> dict[str, float]:
    """Scores of the foreground (class 1) of a 2x2 confusion matrix.

    Args:
        matrix: Two-class result of :func:`confusion_matrix`, or a sum of
            such (the scores then are "micro": of all pixels together).

    Returns:
        Fractions ``fgIoU``, ``P``, ``R`` and ``F``.
    """
    scores = class_scores(matrix)[1]
    scores['fgIoU'] = scores.pop('IoU')
    return scores


def average_image_f(matrices: list[np.ndarray]) -> float:
    """Mean over images of the foreground F-score of each image.

    The "macro" F that TexRNet and Hi-SAM print; it is not comparable with
    ``F`` of :func:`binary_scores`. Images without foreground in prediction
    and label have no F-score and are not counted.

    Args:
        matrices: One two-class :func:`confusion_matrix` per image.

    Returns:
        A fraction; ``nan`` if no image counts.
    """
    values = [
        binary_scores(matrix)['F'] for matrix in matrices
        if matrix.sum() > matrix[0, 0]
    ]
    return float(np.mean(values)) if values else float('nan')


def image_iou(matrix: np.ndarray) -> float:
    """Mean IoU of one image over the classes but the background.

    Args:
        matrix: The image's :func:`confusion_matrix`; class 0 is background.

    Returns:
        A fraction. Classes that are neither there nor predicted do not count;
        if none does, nothing is wrong and the value is 1.
    """
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    scores = class_scores(matrix)
    values = [
        scores[index]['IoU'] for index in range(1, len(matrix)) if union[index]
    ]
    return float(np.mean(values)) if values else 1.


def threshold_counts(values: np.ndarray, label: np.ndarray,
                     thresholds: np.ndarray) -> np.ndarray:
    """Confusion matrices of one image at many thresholds, in one pass.

    Args:
        values: Scores of the foreground, of any shape; a pixel is foreground
            where it **exceeds** the threshold.
        label: Integer map of the same shape: 0, 1, or ``IGNORE_INDEX``.
        thresholds: K increasing thresholds, of the type of ``values``.

    Returns:
        int64 array of shape (K, 2, 2): [threshold, label, prediction].
    """
    counts = np.zeros((len(thresholds), 2, 2), dtype=np.int64)
    for index in (0, 1):
        # A pixel exceeds exactly the first so many thresholds.
        exceeded = np.searchsorted(thresholds, values[label == index])
        histogram = np.bincount(exceeded, minlength=len(thresholds) + 1)
        counts[:, index, 1] = histogram[::-1].cumsum()[-2::-1]
        counts[:, index, 0] = exceeded.size - counts[:, index, 1]
    return counts


def area_under_roc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Probability that a positive scores higher than a negative (ties 1/2).

    Args:
        positives: Scores of the positive samples, shape (N, ), N >= 1.
        negatives: Scores of the negative samples, shape (M, ), M >= 1.

    Returns:
        The area under the ROC curve, in [0, 1].
    """
    difference = positives[:, None] - negatives[None]
    return float(((difference > 0) + .5 * (difference == 0)).mean())


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 0.
