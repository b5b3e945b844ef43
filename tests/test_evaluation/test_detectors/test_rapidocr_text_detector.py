import sys

import numpy as np
import pytest
from mmseg.registry import TASK_UTILS
from PIL import Image, ImageDraw, ImageFont

import upocr_mm.evaluation  # noqa: F401


def test_finds_drawn_words():
    detector = TASK_UTILS.build(dict(type='RapidOCRTextDetector'))
    picture = Image.new('RGB', (320, 240), 'white')
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(32)
    draw.text((40, 50), 'Removal', 'black', font)
    draw.text((100, 150), 'Quality', 'darkblue', font)
    image = np.asarray(picture)
    polygons = detector.detect(image, '')
    centers = sorted(
        np.reshape(polygon, (4, 2)).mean(0).round().tolist()[1]
        for polygon in polygons)
    assert len(centers) == 2
    assert abs(centers[0] - 68) < 12 and abs(centers[1] - 168) < 12
    assert detector.detect(np.full_like(image, 200), '') == []


@pytest.mark.parametrize('module', ['rapidocr', 'onnxruntime'])
def test_says_how_to_install(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
            ImportError, match=rf'{module} .*upocr_mm\[evaluation\]'):
        TASK_UTILS.build(dict(type='RapidOCRTextDetector'))
