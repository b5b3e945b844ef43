import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import METRICS
from PIL import Image
from sklearn.metrics import roc_auc_score

import upocr_mm.evaluation  # noqa: F401
from upocr_mm.datasets import TamperedIC13Dataset

PIXELS = ('IoU_real', 'P_real', 'R_real', 'F_real', 'IoU_tampered',
          'P_tampered', 'R_tampered', 'F_tampered', 'mIoU', 'mF')


def _build(**kwargs):
    return METRICS.build(dict(type='TamperedTextDetectionMetric', **kwargs))


def _sample(index, pred, label, **meta):
    return dict(
        sample_idx=index,
        img_path=f'{index}.jpg',
        pred_sem_seg=dict(data=torch.as_tensor(pred)[None]),
        gt_sem_seg=dict(data=torch.as_tensor(label)[None]),
        **meta)


def _evaluate(pred, label):
    metric = _build()
    metric.process(None, [_sample(0, [pred], [label])])
    scores = metric.evaluate(1)
    return {name: scores[name] for name in PIXELS}


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


def test_absent_class_has_no_score():
    result = _evaluate([1, 1, 2], [1, 1, 0])
    assert result['IoU_real'] == result['P_real'] == 100
    for name in ('IoU_tampered', 'P_tampered', 'F_tampered', 'mIoU', 'mF'):
        assert np.isnan(result[name])


def test_ignored_images_do_not_count():
    samples = [
        _sample(0, [[1, 2, 0]], [[1, 2, 2]]),
        _sample(1, [[2, 2, 2]], [[255] * 3])
    ]
    scores = []
    for number in (1, 2):
        metric = _build()
        metric.process(None, samples[:number])
        scores.append(metric.evaluate(number))
        assert list(metric.rows[0, '0.jpg']) and not any(
            metric.rows.get((1, '1.jpg'), {}))
    assert scores[0] == scores[1]


def _image(tampered, is_tampered):
    """10x100 pixels of which some are predicted as tampered."""
    pred, label = np.zeros((2, 10, 100), dtype=np.int64)
    pred.flat[:tampered] = 2
    label[5] = 2 if is_tampered else 1
    return pred, label


def test_image_level_by_hand():
    images = [(0, False), (3, False), (20, False), (3, True), (500, True),
              (0, True)]
    metric = _build(min_tampered=.01)
    metric.process(
        None, [_sample(i, *_image(*image)) for i, image in enumerate(images)])
    scores = metric.evaluate(6)
    # called tampered: 20 and 500 (10 and less are not)
    assert scores['image_accuracy'] == pytest.approx(100 * 3 / 6)
    assert scores['false_alarm_rate'] == pytest.approx(100 / 3)
    assert scores['false_alarm_pixels'] == pytest.approx(100 * 23 / 3000)
    assert scores['image_AUC'] == pytest.approx(
        100 *
        roc_auc_score([flag
                       for _, flag in images], [count for count, _ in images]))


def test_exactly_the_threshold_is_no_alarm():
    for count, rate in ((10, 0), (11, 100)):
        metric = _build(min_tampered=.01)
        metric.process(None, [_sample(0, *_image(count, False))])
        assert metric.evaluate(1)['false_alarm_rate'] == rate


def test_image_level_of_one_kind_only():
    metric = _build()
    metric.process(None, [_sample(0, *_image(5, True))])
    scores = metric.evaluate(1)
    assert scores['image_accuracy'] == 100
    assert not {'image_AUC', 'false_alarm_rate'} & set(scores)
    metric.process(None, [_sample(0, *_image(5, False))])
    scores = metric.evaluate(1)
    assert scores['false_alarm_rate'] == 100 and 'image_AUC' not in scores


def test_ignored_pixels_do_not_count_for_images():
    pred, label = _image(500, False)
    label[pred == 2] = 255
    metric = _build()
    metric.process(None, [_sample(0, pred, label)])
    assert metric.evaluate(1)['false_alarm_pixels'] == 0


def test_boxes_by_hand():
    """Corners are inclusive; an IoU of exactly one half is no match."""
    boxes = [[0, 0, 9, 4, 2], [20, 0, 29, 4, 1], [40, 0, 49, 9, 1]]
    pred = np.zeros((20, 60), dtype=np.int64)
    pred[0:5, 0:10] = 2  # exact
    pred[0:5, 20:30] = 2  # wrong class
    pred[0:5, 40:50] = 1  # half of the box
    metric = _build(boxes=True)
    metric.process(None, [_sample(0, pred, 0 * pred, ori_boxes=boxes)])
    scores = metric.evaluate(1)
    assert scores['box_R_tampered'] == 100 and scores['box_P_tampered'] == 50
    assert scores['box_R_real'] == scores['box_P_real'] == 0
    pred[5, 40:50] = 1
    metric.process(None, [_sample(0, pred, 0 * pred, ori_boxes=boxes)])
    scores = metric.evaluate(1)
    assert scores['box_R_real'] == 50 and scores['box_P_real'] == 100
    assert scores['box_F_real'] == pytest.approx(200 / 3)
    # There is one kind of pictures.
    assert set(metric.score_names) - set(scores) == {'image_AUC'}
    assert set(scores) < set(metric.score_names)


def test_boxes_must_be_known():
    with pytest.raises(ValueError, match="boxes of '0.jpg'.*ori_boxes"):
        _build(boxes=True).process(None, [_sample(0, *_image(0, True))])
    # known to have none
    metric = _build(boxes=True)
    metric.process(None, [_sample(0, *_image(0, False), ori_boxes=[])])
    assert np.isnan(metric.evaluate(1)['box_R_real'])


def test_boxes_of_a_data_set(tmp_path):
    """Through a pipeline that resizes: they stay those of the file, and the
    components of a perfect prediction are their boxes."""
    init_default_scope('mmseg')
    # Boxes that do not touch: words of one class that do are one component.
    lines = ('2,3,20,10,1\n30,3,50,12,2\n', '5,30,25,40,2\n5,5,40,12,1\n',
             '10,10,50,30,1\n')
    for folder in ('test_img', 'test_gt'):
        (tmp_path / folder).mkdir()
    for i, text in enumerate(lines):
        Image.new('RGB', (64, 48)).save(tmp_path / f'test_img/img_{i}.png')
        (tmp_path / f'test_gt/img_{i}.txt').write_text(text)
    dataset = TamperedIC13Dataset(
        str(tmp_path),
        'test',
        pipeline=[
            dict(
                type='LoadImageFromFile',
                color_type='color_ignore_orientation'),
            dict(type='PairedResize', size=(16, 24)),
            dict(type='LoadTargets'),
            dict(type='PackImageToImageInputs')
        ])
    metric = _build(boxes=True)
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples'].to_dict()
        sample['pred_sem_seg'] = sample['gt_sem_seg']
        metric.process(None, [sample])
    scores = metric.evaluate(len(dataset))
    assert {scores[f'box_F_{name}'] for name in ('real', 'tampered')} == {100}


def test_scores_of_images():
    metric = _build()
    metric.process(None, [
        _sample(0, [[1, 2, 2, 0]], [[1, 1, 2, 0]]),
        _sample(1, [[0, 0]], [[0, 0]])
    ])
    metric.evaluate(2)
    # IoU of real and of tampered: 1/2 each; nothing is wrong with the second
    assert [row['mIoU'] for row in metric.rows.values()] == [50, 100]
    assert metric.rows[0, '0.jpg']['tampered_fraction'] == .5


@pytest.mark.parametrize('value', [-.1, 1])
def test_bad_fraction(value):
    with pytest.raises(ValueError, match='min_tampered must be a fraction'):
        _build(min_tampered=value)
