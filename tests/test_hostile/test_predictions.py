"""Predictions and labels that scores cannot be made of."""
from __future__ import annotations
import math

import numpy as np
import pytest
import torch
from harness import Case, params
from hostile_data import nothing
from mmengine.registry import init_default_scope
from mmseg.registry import EVALUATOR, METRICS

import upocr_mm  # noqa: F401
from upocr_mm.evaluation.functional import frechet_distance

REMOVAL = dict(type='TextRemovalMetric')
STRICT = dict(type='TextRemovalMetric', mode='strict')
SEGMENTATION = dict(type='TextSegmentationMetric')
TAMPERING = dict(type='TamperedTextDetectionMetric')
FID = dict(type='FIDMetric')
FINITE = "prediction of '0.jpg' holds values that are not finite"
WRONG = dict(raises=(ValueError, TypeError))


def field(array: object) -> dict:
    return dict(data=torch.as_tensor(array))


def image(value: float = 0.5, shape: tuple = (3, 16, 16), spoilt=None):
    """A prediction or target picture, one value of it spoilt."""
    picture = torch.full(shape, value)
    if spoilt is not None:
        picture[0, 3, 3] = spoilt
    return field(picture)


def classes(*values: int) -> dict:
    return field(np.array([[values]]))


def scores(config: dict, *samples: dict):
    """Evaluate some samples; a number that is not finite is printed so."""

    def run(folder):
        init_default_scope('mmseg')
        metric = METRICS.build(config)
        numbered = [
            dict(dict(sample_idx=i, img_path=f'{i}.jpg'), **sample)
            for i, sample in enumerate(samples)
        ]
        metric.process(None, numbered)
        return metric.evaluate(len(numbered))

    return run


def refused(name: str, says: str, config: dict, *samples: dict) -> Case:
    return Case(name, nothing, scores(config, *samples), says, **WRONG)


def accepted(name: str, says: str, config: dict, *samples: dict) -> Case:
    return Case(name, nothing, scores(config, *samples), says)


def pair(pred: int, label: int, **more: object) -> dict:
    return dict(pred_sem_seg=classes(pred), gt_sem_seg=classes(label), **more)


def several(metrics: dict, *samples: dict):
    """Evaluate samples of several tasks."""

    def run(folder):
        init_default_scope('mmseg')
        evaluator = EVALUATOR.build(
            dict(type='MultiTaskEvaluator', metrics=metrics))
        evaluator.process([
            dict(dict(sample_idx=i, img_path=f'{i}.jpg'), **sample)
            for i, sample in enumerate(samples)
        ])
        return evaluator.evaluate(len(samples))

    return run


NUMBERS = dict(nan=math.nan, infinite=math.inf, negative=-math.inf)
KINDS = [('removal', REMOVAL, dict(gt_image=image())),
         ('strict removal', STRICT, dict(gt_image=image())),
         ('segmentation', SEGMENTATION, pair(1, 1)),
         ('tampering', TAMPERING, pair(2, 2)),
         ('FID', FID, dict(gt_image=image()))]
NOT_FINITE = [
    *(refused(f'{name} of {kind} values', FINITE, config,
              dict(pred_image=image(spoilt=value), **rest))
      for name, config, rest in KINDS for kind, value in NUMBERS.items()),
    refused('logits that are nan', FINITE, SEGMENTATION,
            pair(1, 1, seg_logits=image(spoilt=math.nan))),
    refused('both infinities', FINITE, SEGMENTATION,
            pair(1, 1, pred_image=field(torch.tensor([math.inf, -math.inf])))),
    refused('half precision that is nan', FINITE, SEGMENTATION,
            pair(1, 1, pred_image=field(torch.tensor([math.nan]).half()))),
    accepted('half precision whose sum overflows', "'fgIoU': 100",
             SEGMENTATION,
             pair(1, 1, pred_image=field(torch.ones(99999).half()))),
    Case(
        'nan in one task of several', nothing,
        several(
            dict(a=SEGMENTATION, b=TAMPERING), dict(pair(1, 1), task='a'),
            dict(pair(1, 1, pred_image=image(spoilt=math.nan)), task='b')),
        "prediction of '1.jpg' holds values that are not finite", **WRONG),
]
NAN = ': nan'
OVER_NOTHING = [
    accepted('segmentation, all ignored',
             f"'fgIoU'{NAN}.*'F'{NAN}|every pixel of the labels is ignored",
             SEGMENTATION, pair(1, 255)),
    accepted(
        'segmentation without text', 'no label has a pixel of it.*'
        f"'fgIoU'{NAN}, 'P'{NAN}, 'R'{NAN}, 'F'{NAN}, 'F_image'{NAN}",
        SEGMENTATION, pair(0, 0), pair(1, 0)),
    accepted('thresholds without text', f"'best_threshold'{NAN}",
             dict(SEGMENTATION, thresholds=[.2, .5]),
             pair(
                 1,
                 0,
                 pred_image=image(.5, (3, 1, 1)),
             )),
    accepted('text that is not found', "'fgIoU': 0.0, 'P': 0.0, 'R': 0.0",
             SEGMENTATION, pair(0, 1)),
    accepted('one picture of several ignored', "'fgIoU': 100.0", SEGMENTATION,
             pair(1, 1), pair(0, 255)),
    accepted(
        'tampering, all ignored', 'every pixel of the labels is ignored.*'
        f"'mIoU'{NAN}.*'image_accuracy'{NAN}", TAMPERING, pair(2, 255)),
    accepted(
        'no tampered text', 'scores of tampered are nan: no label.*'
        f"'IoU_real': 100.*'IoU_tampered'{NAN}.*'mIoU'{NAN}", TAMPERING,
        pair(1, 1)),
    accepted('no text at all', 'scores of real and tampered are nan',
             TAMPERING, pair(0, 0)),
    accepted('boxes of none', f"boxes of real are nan.*'box_R_real'{NAN}",
             dict(TAMPERING, boxes=True), pair(0, 0, ori_boxes=[])),
    accepted(
        'removal without text', "'PSNR_nontext': 6.0", STRICT,
        dict(
            pred_image=image(1.),
            gt_image=image(),
            gt_text_mask=field(torch.zeros(1, 16, 16)))),
    accepted('a perfect removal', "'PSNR': inf.*'skipped': 1.0", REMOVAL,
             dict(pred_image=image(1.), gt_image=image(1.))),
    accepted(
        'removal of one pixel', "'PSNR': 6.0", REMOVAL,
        dict(pred_image=image(1., (3, 1, 1)), gt_image=image(.5, (3, 1, 1)))),
    accepted(
        'removal of one pixel, strict', "'PSNR_strict': 6.0", STRICT,
        dict(pred_image=image(1., (3, 1, 1)), gt_image=image(.5, (3, 1, 1)))),
    Case('no sample', nothing, scores(SEGMENTATION), 'has seen no sample',
         **WRONG),
    Case(
        'no sample of a task', nothing,
        several(dict(a=SEGMENTATION, b=TAMPERING), dict(pair(1, 1), task='a')),
        r"no sample of the tasks \['b'\]", **WRONG),
    Case('a distance of one picture', nothing,
         lambda folder: frechet_distance(np.ones((1, 4)), np.ones(
             (3, 4))), 'at least two samples', **WRONG),
]
SHAPES = [
    refused('another size', 'must have the same shape', REMOVAL,
            dict(pred_image=image(), gt_image=image(.5, (3, 16, 17)))),
    refused('a target of 0 to 255', r'must be in \[0, 1\]', REMOVAL,
            dict(pred_image=image(), gt_image=image(255.))),
    refused('a target that is nan', r'must be in \[0, 1\]', REMOVAL,
            dict(pred_image=image(), gt_image=image(spoilt=math.nan))),
    refused(
        'a mask of another size', 'must have the same size', STRICT,
        dict(
            pred_image=image(),
            gt_image=image(),
            gt_text_mask=field(torch.zeros(1, 9, 9)))),
    refused('a picture of another size than its label',
            'pred_image and gt_sem_seg of .* must have the same size',
            dict(SEGMENTATION,
                 thresholds=[.5]), pair(1, 1, pred_image=image())),
    refused('no prediction', "needs the field 'pred_sem_seg'", SEGMENTATION,
            dict(gt_sem_seg=classes(1))),
    refused('a class too many', r'the prediction holds the values \[2\]',
            SEGMENTATION, pair(2, 1)),
    refused('a class in the label', r'the label holds the values \[3\]',
            TAMPERING, pair(1, 3)),
    refused('a sample without number', 'has no sample_idx', SEGMENTATION,
            pair(1, 1, sample_idx=None)),
    refused('boxes that are not known', 'are not known',
            dict(TAMPERING, boxes=True), pair(1, 1)),
    Case('a task without a metric', nothing,
         several(dict(a=SEGMENTATION), dict(pair(1, 1), task='b')),
         "of the task 'b', but there are metrics for", **WRONG),
    *(refused(f'{key}={value}', says, dict(config, **{key: value}), pair(1, 1))
      for key, value, says, config in (
          ('thresholds', [2.], 'thresholds must lie in', SEGMENTATION),
          ('thresholds', [math.nan], 'thresholds must lie in', SEGMENTATION),
          ('min_tampered', 1, 'min_tampered must be a fraction', TAMPERING),
          ('mode', 'best', "mode must be 'official'", REMOVAL))),
    Case('no metric', nothing, several(dict(a=[])), 'is empty', **WRONG),
]


@pytest.mark.parametrize('case', params(NOT_FINITE))
def test_not_finite(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(OVER_NOTHING))
def test_over_nothing(case, hostile):
    hostile(case)


@pytest.mark.parametrize('case', params(SHAPES))
def test_samples_and_settings(case, hostile):
    hostile(case)
