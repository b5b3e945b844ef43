import pytest
import torch
from mmseg.registry import METRICS

import upocr_mm.evaluation  # noqa: F401


def _evaluate(*pairs):
    metric = METRICS.build(dict(type='TextSegmentationMetric'))
    metric.process(None, [
        dict(
            sample_idx=i,
            img_path=f'{i}.jpg',
            pred_sem_seg=dict(data=torch.tensor([pred])),
            gt_sem_seg=dict(data=torch.tensor([label])))
        for i, (pred, label) in enumerate(pairs)
    ])
    return metric.evaluate(len(pairs))


def test_by_hand():
    result = _evaluate(
        # tp 2, fp 1, fn 0; one ignored
        ([[1, 1], [1, 1]], [[1, 1], [0, 255]]),
        # tp 1, fp 0, fn 3; another size
        ([[1, 0, 0, 0, 0]], [[1, 1, 1, 1, 0]]))
    assert result == pytest.approx(
        dict(
            fgIoU=100 * 3 / 7,
            P=75,
            R=50,
            F=60,
            F_image=100 * (4 / 5 + 2 / 5) / 2))


@pytest.mark.parametrize('pred, label', [(0, 1), (1, 0), (0, 0), (1, 255)])
def test_nothing_to_find_or_nothing_found(pred, label):
    assert _evaluate(([[pred]], [[label]])) == dict(
        fgIoU=0, P=0, R=0, F=0, F_image=0)


def test_empty_images_do_not_change_the_scores():
    pair = ([[1, 1]], [[1, 0]])
    empty = ([[0, 0]], [[0, 0]])
    assert _evaluate(pair, empty) == _evaluate(pair)


def test_rejects_bad_samples():
    with pytest.raises(ValueError, match="'0.jpg'.*same shape"):
        _evaluate(([[1, 1]], [[1]]))
    with pytest.raises(ValueError, match=r'0\.jpg: the label holds .*\[2\]'):
        _evaluate(([[1]], [[2]]))
