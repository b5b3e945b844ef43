"""Scores of class maps from pixel counts over a whole data set.

A ratio whose denominator is zero is 0, as in scikit-learn (a class that is
neither present nor predicted scores 0): NaN, which mmseg gives, never compares
as better and so would switch off the choice of the best checkpoint.
"""
from __future__ import annotations
from typing import Dict, List

import numpy as np

IGNORE_INDEX = 255


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


def scores_from_counts(tp: int, fp: int, fn: int) -> Dict[str, float]:
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


def class_scores(matrix: np.ndarray) -> List[Dict[str, float]]:
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


def binary_scores(matrix: np.ndarray) -> Dict[str, float]:
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


def average_image_f(matrices: List[np.ndarray]) -> float:
    """Mean over images of the foreground F-score of each image.

    The "macro" F that TexRNet and Hi-SAM print; it is not comparable with
    ``F`` of :func:`binary_scores`. Images without foreground in prediction
    and label have no F-score and are not counted.

    Args:
        matrices: One two-class :func:`confusion_matrix` per image.

    Returns:
        A fraction; 0 if no image counts.
    """
    values = [
        binary_scores(matrix)['F'] for matrix in matrices
        if matrix.sum() > matrix[0, 0]
    ]
    return float(np.mean(values)) if values else 0.


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 0.
