import cv2
import numpy as np
import pytest
import torch
from mmseg.registry import TASK_UTILS

import upocr_mm.evaluation  # noqa: F401
from upocr_mm.evaluation.detectors.craft_text_detector import text_boxes
from upocr_mm.evaluation.networks import CRAFT

THRESHOLDS = dict(text_threshold=.7, link_threshold=.4, low_text=.4)


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    file = tmp_path_factory.mktemp('craft') / 'craft.pth'
    state = CRAFT().state_dict()
    torch.save({f'module.{key}': value for key, value in state.items()}, file)
    return file


def test_layout_of_the_published_weights():
    """20.8 M parameters, named by the layers of VGG-16."""
    network = CRAFT()
    assert sum(p.numel() for p in network.parameters()) == 20770466
    keys = set(network.state_dict())
    assert {
        'basenet.slice1.0.weight', 'basenet.slice1.10.bias',
        'basenet.slice2.14.weight', 'basenet.slice3.20.weight',
        'basenet.slice4.37.weight', 'basenet.slice5.1.weight',
        'basenet.slice5.2.bias', 'upconv1.conv.0.weight',
        'upconv4.conv.4.running_mean', 'conv_cls.8.weight'
    } <= keys
    with torch.no_grad():
        maps = network.eval()(torch.zeros(1, 3, 64, 96))
    assert maps.shape == (1, 2, 32, 48)


def test_shortcuts_are_rectified():
    """The ReLU in place that opens the next slice has worked on them."""
    network = CRAFT().basenet.eval()
    with torch.no_grad():
        feats = network(torch.randn(1, 3, 32, 32))
    assert [f.shape[1] for f in feats] == [128, 256, 512, 512, 1024]
    assert [bool((f < 0).any())
            for f in feats[:4]] == [False, False, False, True]


def _map(*boxes, size=(60, 100), value=.9):
    scores = np.zeros(size, np.float32)
    for x1, y1, x2, y2 in boxes:
        scores[y1:y2, x1:x2] = value
    return scores


def test_links_join_characters():
    region = _map((10, 10, 20, 20), (24, 10, 34, 20))
    link = _map((20, 12, 24, 18))
    apart = text_boxes(region, 0 * link, **THRESHOLDS)
    joined = text_boxes(region, link, **THRESHOLDS)
    assert len(apart) == 2 and len(joined) == 1
    # around both, grown by the dilation, clockwise from the top left
    (left, top), (right, _), (_, bottom), _ = joined[0]
    assert 0 < left <= 10 and 34 <= right + 1 < 50
    assert 0 < top <= 10 and 20 <= bottom + 1 < 36


def test_thresholds():
    region, nothing = _map((10, 10, 40, 20), value=.6), _map()
    assert not text_boxes(region, nothing, **THRESHOLDS)
    region[12, 12] = .7
    assert len(text_boxes(region, nothing, **THRESHOLDS)) == 1
    # fewer than ten pixels are no text, links alone neither
    assert not text_boxes(_map((5, 5, 8, 8)), nothing, **THRESHOLDS)
    assert not text_boxes(nothing, _map((5, 5, 30, 30)), **THRESHOLDS)


def test_slanted_text_gets_a_slanted_box():
    region = np.zeros((80, 80), np.float32)
    corners = cv2.boxPoints(((40, 40), (50, 8), 30))
    cv2.fillPoly(region, [corners.astype(np.int32)], .9)
    box, = text_boxes(region, 0 * region, **THRESHOLDS)
    edge = box[1] - box[0]
    assert np.degrees(np.arctan2(edge[1], edge[0])) == pytest.approx(30, abs=3)


def test_almost_square_text_gets_an_upright_box():
    region = np.zeros((80, 80), np.float32)
    corners = cv2.boxPoints(((40, 40), (20, 20), 45))
    cv2.fillPoly(region, [corners.astype(np.int32)], .9)
    box, = text_boxes(region, 0 * region, **THRESHOLDS)
    assert box[0][1] == box[1][1] and box[1][0] == box[2][0]


def test_boxes_are_in_pixels_of_the_image(weights, monkeypatch):
    detector = TASK_UTILS.build(
        dict(type='CRAFTTextDetector', weights=str(weights), device='cpu'))
    seen = []

    def maps(self, images):
        """As if text filled the box (20, 30) to (120, 50) of the image."""
        seen.append(images)
        scores = torch.zeros(1, 2, images.shape[2] // 2, images.shape[3] // 2)
        scores[0, 0, 23:38, 15:90] = .9  # at 1.5 / 2 of the size
        return scores

    monkeypatch.setattr(CRAFT, 'forward', maps)
    image = np.full((101, 150, 3), 255, np.uint8)
    polygon, = detector.detect(image, '')
    x, y = np.reshape(polygon, (4, 2)).T
    # enlarged 1.5 times, padded to multiples of 32; black is beyond it
    assert seen[0].shape == (1, 3, 160, 256)
    assert seen[0][0, 0, 150, 224] == pytest.approx((1 - .485) / .229)
    assert seen[0][0, 0, 151, 224] == pytest.approx(-.485 / .229)
    assert abs((x.min() + x.max()) / 2 - 70) < 3
    assert abs((y.min() + y.max()) / 2 - 40) < 3


def test_canvas_limits_the_size(weights, monkeypatch):
    detector = TASK_UTILS.build(
        dict(
            type='CRAFTTextDetector',
            weights=str(weights),
            device='cpu',
            canvas_size=128))
    shapes = []
    monkeypatch.setattr(
        CRAFT, 'forward',
        lambda self, images: shapes.append(images.shape) or torch.zeros(
            1, 2, images.shape[2] // 2, images.shape[3] // 2))
    assert detector.detect(np.zeros((100, 256, 3), np.uint8), '') == []
    assert shapes == [(1, 3, 64, 128)]


def test_bad_weights(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        TASK_UTILS.build(
            dict(
                type='CRAFTTextDetector',
                weights=str(tmp_path / 'nowhere.pth')))
    file = tmp_path / 'other.pth'
    torch.save(dict(weight=torch.zeros(2)), file)
    with pytest.raises(ValueError, match='other.pth does not hold.*CRAFT'):
        TASK_UTILS.build(dict(type='CRAFTTextDetector', weights=str(file)))
