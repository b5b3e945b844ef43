import random

import pytest
import torch

from upocr_mm.evaluation import PerSampleMetric


class _ListMetric(PerSampleMetric):

    def measure(self, data_sample):
        return data_sample['value']

    def compute_metrics(self, results):
        return dict(values=list(results))


def _sample(index, path='', value=None):
    return dict(
        sample_idx=index,
        img_path=path,
        value=index if value is None else value)


def _evaluate(samples, **kwargs):
    metric = _ListMetric(**kwargs)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def test_sorts_and_drops_duplicates():
    samples = [_sample(i) for i in range(12)] + [_sample(3), _sample(0)]
    random.Random(0).shuffle(samples)
    assert _evaluate(samples)['values'] == list(range(12))


def test_keeps_joined_data_sets_apart():
    samples = [_sample(0, 'b', 1), _sample(0, 'a', 2), _sample(0, 'b', 1)]
    assert _evaluate(samples)['values'] == [2, 1]


def test_prefix():
    assert _evaluate([_sample(0)]) == dict(values=[0])
    assert _evaluate([_sample(0)], prefix='x') == {'x/values': [0]}


def test_starts_anew_after_each_evaluation():
    metric = _ListMetric()
    for index in range(2):
        metric.process(None, [_sample(index)])
        assert metric.evaluate(1)['values'] == [index]


def test_rejects_samples_without_identity():
    with pytest.raises(ValueError, match="'a.jpg' has no sample_idx"):
        _evaluate([dict(img_path='a.jpg', value=0)])


def test_rejects_an_empty_evaluation():
    with pytest.raises(ValueError, match='_ListMetric has seen no sample'):
        _evaluate([])


def test_get_pair():
    metric = _ListMetric()
    sample = dict(
        img_path='a.jpg',
        pred=dict(data=torch.zeros(1, 2)),
        gt=dict(data=torch.ones(1, 2)),
        other=dict(data=torch.ones(1, 3)))
    pred, gt = metric.get_pair(sample, 'pred', 'gt')
    assert not pred.any() and gt.all()
    with pytest.raises(ValueError, match="needs the field 'no'.*'a.jpg'"):
        metric.get_pair(sample, 'pred', 'no')
    with pytest.raises(ValueError, match="other of the sample 'a.jpg'"):
        metric.get_pair(sample, 'pred', 'other')
