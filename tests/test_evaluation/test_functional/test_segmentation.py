import json
from pathlib import Path

import numpy as np
import pytest
from parity_data import parity_image

from upocr_mm.evaluation.functional import (average_image_f, binary_scores,
                                            class_scores, confusion_matrix,
                                            scores_from_counts)

REFERENCE = json.loads(
    (Path(__file__).parents[2] / 'data/parity_metrics.json').read_text())


def test_reproduces_reference_segmentation():
    label = np.zeros((90, 120), np.uint8)
    label[20:50, 30:90] = 1
    label[:6] = 255
    matrix = sum(
        confusion_matrix(
            parity_image(400 + k, 90, 120).mean(0) > .4, label, 2)
        for k in range(3))
    assert binary_scores(matrix) == pytest.approx(
        REFERENCE['segmentation'], abs=1e-6, rel=0)


def test_reproduces_reference_tampered():
    label = np.zeros((90, 120), np.uint8)
    label[10:30, 10:80] = 1
    label[50:80, 40:110] = 2
    matrix = sum(
        confusion_matrix(parity_image(400 + k, 90, 120).argmax(0), label, 3)
        for k in range(3))
    _, real, tampered = class_scores(matrix)
    expected = REFERENCE['tampered']
    assert real == pytest.approx(expected['real'], abs=1e-6, rel=0)
    assert tampered == pytest.approx(expected['tampered'], abs=1e-6, rel=0)


def test_confusion_matrix_by_hand():
    pred = np.array([[0, 1, 1], [2, 2, 0]])
    label = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
    assert confusion_matrix(pred, label, 3).tolist() == [[1, 1, 0], [0, 1, 1],
                                                         [0, 0, 1]]


def test_many_classes_do_not_overflow_bytes():
    label = np.full((4, 4), 200, np.uint8)
    assert confusion_matrix(label, label, 255)[200, 200] == 16


def test_ignored_pixels_do_not_count():
    rng = np.random.RandomState(0)
    pred, label = rng.randint(0, 3, (2, 8, 9))
    label[2:4] = 255
    kept = np.delete(pred, [2, 3], 0), np.delete(label, [2, 3], 0)
    assert np.array_equal(
        confusion_matrix(pred, label, 3), confusion_matrix(*kept, 3))


def test_all_ignored():
    label = np.full((3, 3), 255, np.uint8)
    assert not confusion_matrix(np.zeros_like(label), label, 2).any()


@pytest.mark.parametrize('counts, expected', [
    ((3, 1, 2), dict(IoU=3 / 6, P=3 / 4, R=3 / 5, F=6 / 9)),
    ((0, 0, 5), dict(IoU=0, P=0, R=0, F=0)),
    ((0, 5, 0), dict(IoU=0, P=0, R=0, F=0)),
    ((0, 0, 0), dict(IoU=0, P=0, R=0, F=0)),
    ((7, 0, 0), dict(IoU=1, P=1, R=1, F=1)),
])
def test_scores_from_counts(counts, expected):
    assert scores_from_counts(*counts) == pytest.approx(expected)


@pytest.mark.parametrize('num_classes', [2, 3, 5])
@pytest.mark.parametrize('seed', range(3))
def test_agrees_with_scikit_learn(num_classes, seed):
    metrics = pytest.importorskip('sklearn.metrics')
    rng = np.random.RandomState(seed)
    # seed 2: the last class is neither present nor predicted
    drawn = num_classes - (seed == 2)
    pred, label = rng.randint(0, drawn, (2, 1000))
    ignored = rng.rand(1000) < .2
    classes = list(range(num_classes))
    matrix = confusion_matrix(pred, np.where(ignored, 255, label), num_classes)
    pred, label = pred[~ignored], label[~ignored]
    assert np.array_equal(
        matrix, metrics.confusion_matrix(label, pred, labels=classes))
    scores = class_scores(matrix)
    options = dict(labels=classes, average=None, zero_division=0)
    precision, recall, f_score, _ = metrics.precision_recall_fscore_support(
        label, pred, **options)
    iou = metrics.jaccard_score(label, pred, **options)
    for name, expected in (('P', precision), ('R', recall), ('F', f_score),
                           ('IoU', iou)):
        assert [score[name]
                for score in scores] == pytest.approx(expected.tolist())


def test_f_follows_from_iou():
    scores = binary_scores(np.array([[10, 3], [2, 7]]))
    iou = scores['fgIoU']
    assert scores['F'] == pytest.approx(2 * iou / (1 + iou))


def test_average_image_f():
    half = np.array([[5, 2], [0, 1]])  # F = 2 / (2 + 2)
    missed = np.array([[5, 0], [3, 0]])
    no_text = np.array([[9, 0], [0, 0]])
    assert average_image_f([half, missed, no_text]) == pytest.approx(.25)
    assert np.isnan(average_image_f([no_text]))


def test_rejects_bad_input():
    pred, label = np.zeros((2, 2), int), np.zeros((2, 2), int)
    with pytest.raises(ValueError, match=r'\(2, 2\) and \(2, 3\)'):
        confusion_matrix(pred, np.zeros((2, 3), int), 2)
    label[0, 0] = 7
    with pytest.raises(ValueError, match=r'label holds .*\[0, 7\].* 0 to 1'):
        confusion_matrix(pred, label, 2)
    label[0, 0], pred[1, 1] = 0, -1
    with pytest.raises(ValueError, match='prediction holds'):
        confusion_matrix(pred, label, 2)
