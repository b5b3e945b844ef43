import numpy as np
import pytest
import torch
from mmseg.registry import METRICS

import upocr_mm.evaluation  # noqa: F401
from upocr_mm.evaluation.functional import (average_text_removal_scores,
                                            region_psnr, strict_removal_scores,
                                            text_removal_scores,
                                            truncate_to_uint8)

OFFICIAL = dict(
    PSNR=('psnr', 1),
    MSSIM=('mssim', 100),
    MSE=('mse', 100),
    AGE=('age', 1),
    pEPs=('peps', 1),
    pCEPs=('pceps', 1))


def _build(mode=('official', 'strict')):
    return METRICS.build(dict(type='TextRemovalMetric', mode=mode))


def _sample(index, size=(60, 80), mask=True):
    rng = np.random.RandomState(index)
    gt = rng.randint(0, 256, (3, *size)).astype(np.float32) / 255
    pred = np.clip(gt + .1 * rng.standard_normal(gt.shape), 0, 1)
    sample = dict(
        sample_idx=index,
        img_path=f'{index}.jpg',
        pred_image=dict(data=torch.from_numpy(pred.astype(np.float32))),
        gt_image=dict(data=torch.from_numpy(gt)))
    if mask:
        text = torch.from_numpy(rng.randint(0, 2, (1, *size)).astype(np.uint8))
        sample['gt_text_mask'] = dict(data=text)
    return sample


def _evaluate(samples, mode=('official', 'strict')):
    metric = _build(mode)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def _bytes(sample):
    pred = sample['pred_image']['data'].numpy()
    gt = sample['gt_image']['data'].numpy()
    return (truncate_to_uint8(pred).transpose(1, 2, 0),
            np.rint(gt * 255).astype(np.uint8).transpose(1, 2, 0))


def test_equals_functional():
    samples = [_sample(i, (60 + i, 80)) for i in range(3)]
    result = _evaluate(samples)
    expected = average_text_removal_scores(
        [text_removal_scores(*_bytes(sample)) for sample in samples])
    for name, (key, unit) in OFFICIAL.items():
        assert result[name] == expected[key] * unit
    assert result['skipped'] == 0
    for name, value in (('PSNR_text', 1), ('PSNR_nontext', 0)):
        assert result[name] == np.mean([
            region_psnr(s['pred_image']['data'].numpy(),
                        s['gt_image']['data'].numpy(),
                        s['gt_text_mask']['data'][0].numpy() == value)
            for s in samples
        ])


def test_prediction_is_truncated_and_ground_truth_is_not():
    gt = torch.full((3, 512, 512), 100 / 255)
    sample = _sample(0, mask=False)
    sample['gt_image'] = dict(data=gt)
    sample['pred_image'] = dict(data=gt + .9 / 255)
    assert _evaluate([sample])['skipped'] == 1
    sample['pred_image'] = dict(data=gt - .1 / 255)
    result = _evaluate([sample])
    assert result['AGE'] == 1 and result['skipped'] == 0
    assert result['PSNR'] == pytest.approx(20 * np.log10(255))
    sample['gt_image'] = dict(data=gt - .1 / 255)
    sample['pred_image'] = dict(data=gt)
    assert _evaluate([sample])['skipped'] == 1


def test_predictions_beyond_the_range_are_clamped():
    sample = _sample(0)
    sample['gt_image']['data'].fill_(1.)
    sample['pred_image']['data'].fill_(1.5)
    result = _evaluate([sample])
    assert result['skipped'] == 1 and result['PSNR_text'] == float('inf')


def test_identical_images_are_skipped_and_not_counted():
    samples = [_sample(0), _sample(1)]
    alone = _evaluate(samples[:1])
    samples[1]['pred_image'] = samples[1]['gt_image']
    both = _evaluate(samples)
    for name in (*OFFICIAL, 'PSNR_strict', 'PSNR_text', 'PSNR_nontext'):
        assert both[name] == alone[name]
    assert both['skipped'] == 1
    # Strict errors count them: they are reproduced without error.
    assert both['MSE_strict'] == alone['MSE_strict'] / 2
    assert both['SSIM_strict'] == pytest.approx(
        (alone['SSIM_strict'] + 100) / 2)


def test_region_scores_need_masks():
    without = _evaluate([_sample(0, mask=False)])
    assert not {'PSNR_text', 'PSNR_nontext'} & set(without)
    alone = _evaluate([_sample(1)])
    some = _evaluate([_sample(0, mask=False), _sample(1)])
    assert some['PSNR_text'] == alone['PSNR_text']
    assert some['PSNR_nontext'] == alone['PSNR_nontext']


def test_images_without_text_are_not_counted_in_the_text():
    samples = [_sample(0), _sample(1)]
    alone = _evaluate(samples[:1])
    samples[1]['gt_text_mask']['data'].zero_()
    result = _evaluate(samples)
    assert result['PSNR_text'] == alone['PSNR_text']
    assert result['PSNR_nontext'] != alone['PSNR_nontext']
    assert 'PSNR_text' not in _evaluate(samples[1:])


def test_keeps_only_numbers():
    metric = _build()
    metric.process(None, [_sample(0)])
    _, kept = metric.results[0]
    assert all(
        isinstance(value, float) for group in kept.values()
        for value in group.values())


def test_rejects_bad_samples():
    sample = _sample(0)
    sample['pred_image']['data'] = sample['pred_image']['data'][:, 1:]
    with pytest.raises(
            ValueError, match=r"'0.jpg'.*\(3, 59, 80\) and \(3, 60, 80\)"):
        _evaluate([sample])
    sample = _sample(0)
    sample['gt_text_mask']['data'] = sample['gt_text_mask']['data'][:, 1:]
    with pytest.raises(ValueError, match="gt_text_mask.*'0.jpg'"):
        _evaluate([sample])
    sample = _sample(0)
    sample['pred_image']['data'][0, 0, 0] = float('nan')
    with pytest.raises(ValueError, match="'0.jpg'.*not finite"):
        _evaluate([sample])
    sample = _sample(0)
    sample['gt_image']['data'] *= 255
    with pytest.raises(ValueError, match=r"'0.jpg' must be in \[0, 1\]"):
        _evaluate([sample])


def test_modes():
    samples = [_sample(0), _sample(1, (180, 190))]
    both = _evaluate(samples)
    official = _evaluate(samples, 'official')
    strict = _evaluate(samples, ['strict'])
    assert set(official) == {*OFFICIAL, 'skipped'}
    assert not set(official) & set(strict)
    assert both == {**official, **strict}
    # multi-scale SSIM of the one image that is large enough
    assert strict['MS_SSIM_strict'] == _evaluate(samples[1:],
                                                 'strict')['MS_SSIM_strict']
    assert 'MS_SSIM_strict' not in _evaluate(samples[:1])
    for mode in ('best', [], ['official', 'best']):
        with pytest.raises(ValueError, match="'official', 'strict' or both"):
            _build(mode)


def test_strict_equals_functional():
    sample = _sample(3, (180, 200))
    scores = strict_removal_scores(sample['pred_image']['data'].numpy(),
                                   sample['gt_image']['data'].numpy())
    result = _evaluate([sample], 'strict')
    assert result['PSNR_strict'] == scores['psnr']
    assert result['MS_SSIM_strict'] == 100 * scores['ms_ssim']
    assert result['pCEPs_strict'] == scores['pceps']


def test_scores_of_images():
    metric = _build()
    samples = [_sample(0), _sample(1, mask=False)]
    metric.process(None, samples)
    metric.evaluate(2)
    assert list(metric.rows) == [(0, '0.jpg'), (1, '1.jpg')]
    for sample, row in zip(samples, metric.rows.values()):
        alone = _evaluate([sample])
        assert alone.pop('skipped') == 0
        assert row == alone
    assert metric.worst_by == 'PSNR'
    assert _build('strict').worst_by == 'PSNR_strict'
