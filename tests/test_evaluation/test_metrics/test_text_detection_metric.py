from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import METRICS, TASK_UTILS

from upocr_mm.datasets import SCUTEnsTextDataset
from upocr_mm.evaluation import BaseTextDetector


@TASK_UTILS.register_module()
class BrightBoxDetector(BaseTextDetector):
    """Finds the box around white pixels."""

    name = 'bright'

    def detect(self, image, img_path):
        assert image.dtype == np.uint8 and image.shape[2] == 3
        ys, xs = np.nonzero((image == 255).all(-1))
        if not len(xs):
            return []
        left, right, top, bottom = (
            xs.min(), xs.max() + 1, ys.min(), ys.max() + 1)  # yapf: disable
        return [[left, top, right, top, right, bottom, left, bottom]]


@TASK_UTILS.register_module()
class KnowingDetector(BaseTextDetector):
    """Finds what the file of the polygons says."""

    name = 'knowing'

    def detect(self, image, img_path):
        file = Path(img_path.replace('/image/', '/all_gts/'))
        return [[float(value) for value in line.split(',')]
                for line in file.with_suffix('.txt').read_text().splitlines()]


def _build(**kwargs):
    kwargs.setdefault('detector', dict(type='BrightBoxDetector'))
    return METRICS.build(dict(type='TextDetectionMetric', **kwargs))


def _sample(folder, index, pred_box, texts=((10, 10, 30, 20), )):
    """The input shows one white text, the ground truth none."""
    image = np.zeros((50, 60, 3), np.uint8)
    image[10:20, 10:30] = 255
    path = folder / f'{index}.png'
    mmcv.imwrite(image, str(path))
    pred = torch.zeros(3, 50, 60)
    x1, y1, x2, y2 = pred_box
    pred[:, y1:y2, x1:x2] = 1.2  # is clamped
    return dict(
        sample_idx=index,
        img_path=str(path),
        ori_polygons=[[x1, y1, x2, y1, x2, y2, x1, y2]
                      for x1, y1, x2, y2 in texts],
        pred_image=dict(data=pred),
        gt_image=dict(data=torch.zeros(3, 50, 60)))


def test_prediction_ceiling_and_floor(tmp_path):
    metric = _build(pictures=['pred', 'input', 'gt'])
    metric.process(None, [
        _sample(tmp_path, 0, (10, 10, 30, 20)),
        _sample(tmp_path, 1, (0, 0, 0, 0)),
        _sample(
            tmp_path,
            2, (40, 40, 50, 50),
            texts=((10, 10, 30, 20), (40, 0, 60, 10))),
    ])
    scores = metric.evaluate(3)
    # 4 texts; found 1 of 2 detections, in the inputs 3 of 3, in the labels 0
    assert scores == pytest.approx({
        'bright_ic15_polygon/R': 25,
        'bright_ic15_polygon/P': 50,
        'bright_ic15_polygon/F': 100 / 3,
        'bright_ic15_polygon_input/R': 75,
        'bright_ic15_polygon_input/P': 100,
        'bright_ic15_polygon_input/F': 600 / 7,
        'bright_ic15_polygon_gt/R': 0,
        'bright_ic15_polygon_gt/P': 0,
        'bright_ic15_polygon_gt/F': 0,
    })
    assert set(scores) == set(metric.score_names)
    assert metric.rows[2, str(tmp_path / '2.png')] == {
        'bright_ic15_polygon/R': 0,
        'bright_ic15_polygon_input/R': 50,
        'bright_ic15_polygon_gt/R': 0
    }


def test_protocols_and_shapes_are_named(tmp_path):
    metric = _build(protocol=['ic15', 'deteval'], shape=['aabb', 'minarect'])
    # covers .8 of the text, but has an IoU of .4
    metric.process(None, [_sample(tmp_path, 0, (14, 10, 30, 30))])
    recalls = {k: v for k, v in metric.evaluate(1).items() if k[-1] == 'R'}
    assert recalls == {
        'bright_ic15_aabb/R': 0,
        'bright_deteval_aabb/R': 100,
        'bright_ic15_minarect/R': 0,
        'bright_deteval_minarect/R': 100,
    }


def test_stored_detections(tmp_path):
    stored = tmp_path / 'stored'
    stored.mkdir()
    (stored / '0.txt').write_text('10,10,30,20\n')
    detector = dict(type='StoredTextDetector', folder=str(stored))
    metric = _build(detector=detector)
    metric.process(None, [_sample(tmp_path, 0, (0, 0, 0, 0))])
    assert metric.evaluate(1)['stored_ic15_polygon/R'] == 100
    with pytest.raises(ValueError, match=r"pictures must be \['pred'\]"):
        _build(detector=detector, pictures=['pred', 'gt'])


def test_bad_samples(tmp_path):
    sample = _sample(tmp_path, 0, (0, 0, 0, 0))
    del sample['ori_polygons']
    with pytest.raises(ValueError, match="0.png'.*all_gts.*ori_polygons"):
        _build().process(None, [sample])


def test_no_text_is_not_unknown_text(tmp_path):
    metric = _build()
    metric.process(None, [
        _sample(tmp_path, 0, (10, 10, 30, 20), texts=()),
        _sample(tmp_path, 1, (10, 10, 30, 20)),
    ])
    scores = metric.evaluate(2)
    assert scores['bright_ic15_polygon/R'] == 100
    assert scores['bright_ic15_polygon/P'] == 50


def test_polygons_of_a_data_set(drawn_data):
    """Through a pipeline that resizes: they stay those of the file."""
    init_default_scope('mmseg')
    dataset = SCUTEnsTextDataset(
        str(drawn_data / 'TextRemoval/SCUT-EnsText'),
        'test',
        pipeline=[
            dict(
                type='LoadImageFromFile',
                color_type='color_ignore_orientation'),
            dict(type='PairedResize', size=(16, 24)),
            dict(type='LoadTargets'),
            dict(type='PackImageToImageInputs')
        ])
    metric = _build(detector=dict(type='KnowingDetector'), protocol='ic15')
    texts = 0
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples'].to_dict()
        texts += len(sample['ori_polygons'])
        image = sample['gt_image']['data'].flip(0) / 255
        sample.update(pred_image=dict(data=image), gt_image=dict(data=image))
        metric.process(None, [sample])
    assert texts > 0
    scores = metric.evaluate(len(dataset))
    assert scores['knowing_ic15_polygon/R'] == 100
    assert scores['knowing_ic15_polygon/P'] == 100


@pytest.mark.parametrize('kwargs', [
    dict(protocol='ic13'),
    dict(shape=['aabb', 'circle']),
    dict(pictures=[]),
])
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match=f'{list(kwargs)[0]} must be among'):
        _build(**kwargs)
