import argparse
import copy
import pickle
import random
from datetime import timedelta

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.config import Config, DictAction
from mmengine.evaluator import BaseMetric
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample

from upocr_mm.evaluation import (MultiTaskEvaluator, PerSampleMetric,
                                 TextRemovalMetric)

METRIC_CONFIGS = dict(
    text_removal=dict(type='TextRemovalMetric', mode=['official', 'strict']),
    text_segmentation=dict(
        type='TextSegmentationMetric', thresholds=[.2, .4, .6]),
    tampered_text_detection=[dict(type='TamperedTextDetectionMetric')])


def _sample(task, index):
    """Draw a sample as the model hands it over; a function of its identity."""
    sample = SegDataSample(
        metainfo=dict(
            task=task, sample_idx=index, img_path=f'{task}_{index}.jpg'))
    rng = torch.Generator().manual_seed(index)
    size = (24, 32)
    if task == 'text_removal':
        gt = torch.randint(0, 256, (3, *size), generator=rng) / 255
        noise = .1 * torch.randn(gt.shape, generator=rng)
        sample.gt_image = PixelData(data=gt)
        sample.pred_image = PixelData(data=(gt + noise).clamp(0, 1))
        mask = torch.randint(0, 2, (1, *size), generator=rng)
        sample.gt_text_mask = PixelData(data=mask.byte())
    else:
        classes = 2 if task == 'text_segmentation' else 3
        pred, label = torch.randint(0, classes, (2, 1, *size), generator=rng)
        label[:, index % 5] = 255
        sample.pred_sem_seg = PixelData(data=pred)
        sample.gt_sem_seg = PixelData(data=label)
        image = torch.rand((3, *size), generator=rng)
        sample.pred_image = PixelData(data=image)
    return sample


def _data_set():
    counts = dict(
        text_removal=3, text_segmentation=5, tampered_text_detection=3)
    return [
        _sample(task, index) for task, count in counts.items()
        for index in range(count)
    ]


def _run(samples, metrics=None, batch_size=4):
    evaluator = MultiTaskEvaluator(
        copy.deepcopy(METRIC_CONFIGS if metrics is None else metrics))
    for start in range(0, len(samples), batch_size):
        evaluator.process(samples[start:start + batch_size])
    return evaluator.evaluate(len(samples))


def _run_rank(rank, world_size, folder):
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
        timeout=timedelta(seconds=60))
    samples = _data_set()
    # As a distributed sampler does it: 11 samples are padded to 12 with the
    # first one. The ranks hold 2 + 2 of 3 removal samples (one twice), but
    # 3 + 2 of the 5 segmentation samples and 1 + 2 of the tampered ones.
    part = (samples + samples[:1])[rank::world_size]
    results = [_run(part)]
    # One rank holds all samples of two tasks, and none of the third. The
    # duplicate comes first, so that cutting the end off would be wrong.
    part = samples[:8] if rank == 0 else samples[9:10] + samples[8:]
    results.append(_run(part))
    # The data set has one task only; one rank holds none of its samples.
    evaluator = MultiTaskEvaluator(copy.deepcopy(METRIC_CONFIGS))
    evaluator.dataset_meta = dict(tasks=dict(text_removal={}))
    evaluator.process(samples[:3] if rank == 0 else [])
    results.append(evaluator.evaluate(3))
    with open(f'{folder}/{rank}.pkl', 'wb') as file:
        pickle.dump(results, file)
    # The group is not destroyed: with torch 2.1, gloo then often deadlocks.


def test_two_processes_equal_one_bit_for_bit(tmp_path):
    mp.spawn(_run_rank, args=(2, str(tmp_path)), nprocs=2)
    expected = _run(_data_set())
    for rank in range(2):
        results = pickle.loads((tmp_path / f'{rank}.pkl').read_bytes())
        removal = {
            name: value
            for name, value in expected.items()
            if name.startswith('text_removal/')
        }
        assert results == [expected, expected, removal]


def test_routes_and_prefixes():
    result = _run(_data_set())
    assert set(name.split('/')[0] for name in result) == set(METRIC_CONFIGS)
    for task, config in METRIC_CONFIGS.items():
        config = config[0] if isinstance(config, list) else config
        metric = METRICS.build(config)
        metric.process(None,
                       [s.to_dict() for s in _data_set() if s.task == task])
        for name, value in metric.evaluate(0).items():
            assert result.pop(f'{task}/{name}') == value
    assert not result


def test_names_of_scores_are_known_before():
    evaluator = MultiTaskEvaluator(copy.deepcopy(METRIC_CONFIGS))
    result = set(_run(_data_set()))
    # The images are too small for it, and all of them have tampered text.
    assert set(evaluator.score_names) - result == {
        'text_removal/MS_SSIM_strict', 'tampered_text_detection/image_AUC',
        'tampered_text_detection/false_alarm_rate',
        'tampered_text_detection/false_alarm_pixels'
    }
    assert result < set(evaluator.score_names)


@pytest.mark.parametrize('seed, batch_size', [(0, 1), (1, 3), (2, 11)])
def test_order_and_batches_do_not_matter(seed, batch_size):
    samples = _data_set()
    random.Random(seed).shuffle(samples)
    assert _run(samples, batch_size=batch_size) == _run(_data_set())


def test_none_switches_a_task_off():
    result = _run(_data_set(), dict(METRIC_CONFIGS, text_removal=None))
    expected = _run(_data_set())
    assert result == {
        name: value
        for name, value in expected.items()
        if not name.startswith('text_removal')
    }


def test_none_from_the_command_line(tmp_path):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args(
        ['--cfg-options', 'test_evaluator.metrics.text_removal=None'])
    path = tmp_path / 'config.py'
    path.write_text(f"test_evaluator = dict(type='MultiTaskEvaluator', "
                    f'metrics={METRIC_CONFIGS!r})')
    config = Config.fromfile(path)
    config.merge_from_dict(args.cfg_options)
    with DefaultScope.overwrite_default_scope('mmseg'):
        evaluator = Runner.build_evaluator(None, config.test_evaluator)
    assert isinstance(evaluator, MultiTaskEvaluator)
    assert set(
        evaluator.task_metrics) == set(METRIC_CONFIGS) - {'text_removal'}


@pytest.mark.parametrize('known', [False, True])
def test_a_task_without_samples_is_an_error(known):
    """Where the data set has the task, or does not tell."""
    evaluator = MultiTaskEvaluator(copy.deepcopy(METRIC_CONFIGS))
    if known:
        evaluator.dataset_meta = dict(tasks=dict.fromkeys(METRIC_CONFIGS, {}))
    evaluator.process([s for s in _data_set() if s.task != 'text_removal'])
    match = r"\['text_removal'\].*test_evaluator.metrics.text_removal=None"
    with pytest.raises(ValueError, match=match):
        evaluator.evaluate(8)


@pytest.fixture
def messages(monkeypatch):
    """What the evaluator logs."""
    found = []
    monkeypatch.setattr('upocr_mm.evaluation.multi_task_evaluator.print_log',
                        lambda message, **kwargs: found.append(message))
    return found


@pytest.mark.parametrize('meta', [
    dict(tasks=dict(text_segmentation={})),
    dict(task='text_segmentation', classes=('background', 'text'))
])
def test_tasks_that_the_data_set_lacks_are_disabled(meta, messages):
    evaluator = MultiTaskEvaluator(copy.deepcopy(METRIC_CONFIGS))
    evaluator.dataset_meta = meta
    assert list(evaluator.task_metrics) == ['text_segmentation']
    assert evaluator.disabled_tasks == [
        'text_removal', 'tampered_text_detection'
    ]
    message, = messages
    assert message.endswith('text_removal, tampered_text_detection.')
    samples = [s for s in _data_set() if s.task == 'text_segmentation']
    evaluator.process(samples)
    expected = {
        name: value
        for name, value in _run(_data_set()).items()
        if name.startswith('text_segmentation')
    }
    assert evaluator.evaluate(len(samples)) == expected
    # A sample that the data set cannot have is not dropped silently.
    with pytest.raises(ValueError, match="of the task 'text_removal'"):
        evaluator.process([_sample('text_removal', 0)])
    # Another data set, other tasks.
    evaluator.dataset_meta = dict(tasks=dict.fromkeys(METRIC_CONFIGS, {}))
    assert set(evaluator.task_metrics) == set(METRIC_CONFIGS)
    assert len(evaluator.metrics) == 3 and len(messages) == 1


def test_no_task_is_left():
    evaluator = MultiTaskEvaluator(METRIC_CONFIGS)
    with pytest.raises(ValueError, match=r"has only \['captioning'\]"):
        evaluator.dataset_meta = dict(tasks=dict(captioning={}))


def test_starts_anew_after_each_evaluation():
    evaluator = MultiTaskEvaluator(METRIC_CONFIGS)
    samples = _data_set()
    evaluator.process(samples[:-1])
    first = evaluator.evaluate(len(samples))
    evaluator.process(samples[:2])
    with pytest.raises(ValueError, match='no sample of the tasks'):
        evaluator.evaluate(2)
    evaluator.process(samples[1:])
    second = evaluator.evaluate(len(samples))
    assert second == _run(samples[1:])
    assert second != first


def test_unknown_task_is_an_error():
    samples = [_sample('text_segmentation', 0)]
    samples[0].set_metainfo(dict(task='captioning'))
    with pytest.raises(
            ValueError,
            match=r"text_segmentation_0.jpg.*'captioning'.*text_removal"):
        _run(samples)


class _SizeMetric(BaseMetric):
    """A metric that is not ours: reports what it was given."""

    def process(self, data_batch, data_samples):
        self.results.extend(s['sample_idx'] for s in data_samples)

    def compute_metrics(self, results):
        return dict(values=results)

    def evaluate(self, size):
        return {**super().evaluate(size), 'size': size}


def test_other_metrics_get_the_size_of_their_task():
    samples = [_sample('text_removal', i) for i in range(2)]
    samples += [_sample('text_segmentation', i) for i in (0, 1, 2, 0)]
    result = _run(
        samples,
        dict(
            text_removal=[_SizeMetric()],
            text_segmentation=[
                _SizeMetric(),
                dict(type='TextSegmentationMetric', prefix='ours')
            ]))
    assert result['text_removal/size'] == 2
    assert result['text_segmentation/size'] == 3
    assert result['text_segmentation/values'] == [0, 1, 2]
    assert 'text_segmentation/ours/fgIoU' in result


def test_other_metrics_are_reported_in_distributed_runs(messages, monkeypatch):
    module = 'upocr_mm.evaluation.multi_task_evaluator.'
    metrics = dict(
        text_segmentation=[_SizeMetric(),
                           dict(type='TextSegmentationMetric')])
    samples = [_sample('text_segmentation', 0)]
    _run(samples, metrics)
    assert not messages
    monkeypatch.setattr(module + 'all_gather_object', lambda data: [data] * 2)
    assert _run(samples, metrics)['text_segmentation/size'] == 1
    assert len(messages) == 1 and messages[0].startswith('_SizeMetric')


def test_equal_names_are_an_error():
    config = dict(type='TextSegmentationMetric')
    with pytest.raises(ValueError, match='text_segmentation/fgIoU'):
        _run([_sample('text_segmentation', 0)],
             dict(text_segmentation=[config, config]))


def test_each_metric_gets_the_metainfo_of_its_task():
    evaluator = MultiTaskEvaluator(METRIC_CONFIGS)
    assert evaluator.dataset_meta is None
    own = dict(classes=('background', 'text'))
    tasks = dict.fromkeys(METRIC_CONFIGS, {})
    meta = dict(tasks=dict(tasks, text_segmentation=own))
    evaluator.dataset_meta = meta
    assert evaluator.dataset_meta is meta
    metrics = evaluator.task_metrics
    assert metrics['text_segmentation'][0].dataset_meta is own
    assert metrics['text_removal'][0].dataset_meta == {}
    meta = dict(classes=('background', 'text'))  # does not tell its tasks
    evaluator.dataset_meta = meta
    assert metrics['text_removal'][0].dataset_meta is meta


def test_offline_evaluate():
    samples = _data_set()
    evaluator = MultiTaskEvaluator(METRIC_CONFIGS)
    result = evaluator.offline_evaluate([s.to_dict() for s in samples],
                                        data=samples,
                                        chunk_size=2)
    assert result == _run(samples)


@pytest.mark.parametrize('metrics, error', [
    ([dict(type='TextRemovalMetric')], TypeError),
    (dict(type='TextRemovalMetric'), TypeError),
    (dict(text_removal=[]), ValueError),
    (dict(text_removal=None), ValueError),
    (dict(), ValueError),
])
def test_rejects_bad_metrics(metrics, error):
    with pytest.raises(error, match='metrics'):
        MultiTaskEvaluator(metrics)


def test_results_are_plain_numbers():
    for name, value in _run(_data_set()).items():
        assert type(value) in (int, float) and np.isfinite(value), name


def test_metrics_may_be_given_built():
    metric = TextRemovalMetric()
    assert isinstance(metric, PerSampleMetric)
    evaluator = MultiTaskEvaluator(dict(text_removal=metric))
    assert evaluator.metrics == [metric]


def test_scores_of_images_of_all_metrics_of_a_task():
    metrics = copy.deepcopy(METRIC_CONFIGS)
    metrics['text_removal'] = [
        dict(type='TextRemovalMetric', prefix='a'),
        dict(type='TextRemovalMetric', mode='strict', prefix='b')
    ]
    evaluator = MultiTaskEvaluator(metrics)
    samples = _data_set()
    evaluator.process(samples[::-1])
    scores = evaluator.evaluate(len(samples))
    rows = evaluator.image_scores['text_removal']
    assert list(rows) == [(i, f'text_removal_{i}.jpg') for i in range(3)]
    for name in ('a/PSNR', 'a/MSSIM', 'b/SSIM_strict', 'b/PSNR_text'):
        mean = sum(row[name] for row in rows.values()) / 3
        assert scores[f'text_removal/{name}'] == pytest.approx(mean)
    assert {
        t: len(r)
        for t, r in evaluator.image_scores.items()
    } == dict(
        text_removal=3, text_segmentation=5, tampered_text_detection=3)
    assert evaluator.worst_by == dict(
        text_removal='a/PSNR',
        text_segmentation='fgIoU',
        tampered_text_detection='mIoU')
    # A second evaluation starts anew.
    evaluator.process(samples[1:])
    evaluator.evaluate(len(samples) - 1)
    assert len(evaluator.image_scores['text_removal']) == 2
