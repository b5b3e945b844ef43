import pytest
import torch
from mmseg.registry import METRICS

import upocr_mm.evaluation  # noqa: F401


def _evaluate(pred, label):
    metric = METRICS.build(dict(type='TamperedTextDetectionMetric'))
    metric.process(None, [
        dict(
            sample_idx=0,
            pred_sem_seg=dict(data=torch.tensor([[pred]])),
            gt_sem_seg=dict(data=torch.tensor([[label]])))
    ])
    return metric.evaluate(1)


def test_by_hand():
    result = _evaluate([0, 1, 1, 1, 2, 2, 2, 0, 1],
                       [0, 1, 1, 2, 2, 2, 1, 2, 255])
    # real: tp 2, fp 1, fn 1; tampered: tp 2, fp 1, fn 2
    assert result == pytest.approx(
        dict(
            IoU_real=50,
            P_real=200 / 3,
            R_real=200 / 3,
            F_real=200 / 3,
            IoU_tampered=40,
            P_tampered=200 / 3,
            R_tampered=50,
            F_tampered=400 / 7,
            mIoU=45,
            mF=(200 / 3 + 400 / 7) / 2))


def test_background_does_not_enter_the_means():
    few = _evaluate([1, 2, 0], [1, 2, 1])
    many = _evaluate([1, 2, 0] + [0] * 90, [1, 2, 1] + [0] * 90)
    assert few == many


def test_absent_class_scores_zero():
    result = _evaluate([1, 1, 0], [1, 1, 0])
    assert result['IoU_real'] == 100 and result['IoU_tampered'] == 0
    assert result['mIoU'] == 50 and result['mF'] == 50
