import numpy as np
import pytest
import torch
from mmseg.registry import METRICS

import upocr_mm.evaluation  # noqa: F401
from upocr_mm.evaluation.functional import threshold_counts
from upocr_mm.evaluation.metrics import per_sample_metric
from upocr_mm.models import BinaryMaskCodec


def _samples(*pairs):
    return [
        dict(
            sample_idx=i,
            img_path=f'{i}.jpg',
            pred_sem_seg=dict(data=torch.tensor([pred])),
            gt_sem_seg=dict(data=torch.tensor([label])))
        for i, (pred, label) in enumerate(pairs)
    ]


def _evaluate(*pairs):
    metric = METRICS.build(dict(type='TextSegmentationMetric'))
    metric.process(None, _samples(*pairs))
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


def test_nothing_found():
    assert _evaluate(([[0]], [[1]])) == dict(fgIoU=0, P=0, R=0, F=0, F_image=0)


@pytest.mark.parametrize('pred, label, reason', [
    (1, 0, 'no label has a pixel of it'),
    (0, 0, 'no label has a pixel of it'),
    (1, 255, 'every pixel of the labels is ignored'),
])
def test_nothing_to_find(pred, label, reason, monkeypatch):
    messages = []
    monkeypatch.setattr(per_sample_metric, 'print_log',
                        lambda message, **options: messages.append(message))
    scores = _evaluate(([[pred]], [[label]]))
    assert sorted(scores) == ['F', 'F_image', 'P', 'R', 'fgIoU']
    assert np.isnan(list(scores.values())).all()
    assert messages == [
        'TextSegmentationMetric: the scores of text are nan: ' + reason
    ]


def test_empty_images_do_not_change_the_scores():
    pair = ([[1, 1]], [[1, 0]])
    empty = ([[0, 0]], [[0, 0]])
    assert _evaluate(pair, empty) == _evaluate(pair)


def test_rejects_bad_samples():
    with pytest.raises(ValueError, match="'0.jpg'.*same shape"):
        _evaluate(([[1, 1]], [[1]]))
    with pytest.raises(ValueError, match=r'0\.jpg: the label holds .*\[2\]'):
        _evaluate(([[1]], [[2]]))


def _sweep_sample(index, size=(20, 30)):
    rng = np.random.RandomState(index)
    image = torch.from_numpy(rng.uniform(0, 1, (3, *size)).astype(np.float32))
    # ties: the mean of three equal channels is the value itself
    image[:, :5] = torch.tensor([.25, .5, .75]).repeat(10)
    label = rng.choice([0, 1, 255], (1, *size))
    return dict(
        sample_idx=index,
        img_path=f'{index}.jpg',
        pred_image=dict(data=image),
        gt_sem_seg=dict(data=torch.from_numpy(label)))


def test_thresholds_are_those_of_the_codec():
    """As if the codec had decoded with each threshold."""
    thresholds = [.75, .25, .4, .5]
    samples = [_sweep_sample(i) for i in range(3)]
    expected = {}
    for threshold in thresholds:
        codec = BinaryMaskCodec(threshold)
        for sample in samples:
            sample['pred_sem_seg'] = dict(
                data=codec.decode(sample['pred_image']['data']))
        metric = METRICS.build(dict(type='TextSegmentationMetric'))
        metric.process(None, samples)
        expected[threshold] = metric.evaluate(3)['fgIoU']
    metric = METRICS.build(
        dict(type='TextSegmentationMetric', thresholds=thresholds))
    metric.process(None, samples)
    scores = metric.evaluate(3)
    best = max(expected, key=expected.get)
    assert scores['best_threshold'] == best
    assert scores['best_fgIoU'] == expected[best]
    assert scores['fgIoU'] == expected[thresholds[-1]]


def test_threshold_counts():
    values = np.array([.1, .4, .4, .9, .9], dtype=np.float32)
    label = np.array([0, 0, 1, 1, 255])
    counts = threshold_counts(values, label, np.float32([0, .4, .9]))
    assert counts.tolist() == [[[0, 2], [0, 2]], [[2, 0], [1, 1]],
                               [[2, 0], [2, 0]]]


def test_bad_thresholds():
    with pytest.raises(ValueError, match=r'thresholds must lie in \[0, 1\]'):
        METRICS.build(dict(type='TextSegmentationMetric', thresholds=[.5, 40]))


def test_thresholds_need_the_picture():
    metric = METRICS.build(
        dict(type='TextSegmentationMetric', thresholds=[.5]))
    sample = _sweep_sample(0)
    sample['pred_sem_seg'] = sample['gt_sem_seg']
    sample['gt_sem_seg']['data'] %= 255
    del sample['pred_image']
    with pytest.raises(ValueError, match="needs the field 'pred_image'"):
        metric.process(None, [sample])


def test_scores_of_images():
    metric = METRICS.build(dict(type='TextSegmentationMetric'))
    metric.process(
        None, _samples(([[1, 1, 0]], [[1, 0, 1]]), ([[0, 0, 0]], [[0, 0, 0]])))
    metric.evaluate(2)
    assert [row['fgIoU']
            for row in metric.rows.values()] == [pytest.approx(100 / 3), 100]
