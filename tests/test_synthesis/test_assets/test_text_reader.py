from __future__ import annotations
from types import SimpleNamespace

import numpy as np
import pytest

from upocr_mm.synthesis.assets.text_reader import TextReader, is_text


@pytest.mark.parametrize('text, score, expected', [
    ('All-tune', 0.95, True),
    ('Water', 0.66, True),
    ('05', 0.99, False),
    ("OLI'S OIL", 0.8, True),
    ('OIIO', 0.9, False),
    ('42', 0.95, True),
    ('42', 0.7, False),
    ('Water', 0.5, False),
    ('田田', 0.99, False),
    ('口口口', 0.9, False),
    ('||l1', 0.9, False),
    ('aaaa', 0.9, False),
    ('', 1, False),
    ('Кафе', 0.9, True),
])
def test_what_counts_as_read(text: str, score: float, expected: bool) -> None:
    assert is_text(text, score) == expected


class Engine:
    """Reads "WATER" where the left half is bright."""

    def __init__(self) -> None:
        self.calls = []

    def __call__(self, image, use_det, use_cls, use_rec):
        self.calls.append(image)
        if not use_rec:
            return SimpleNamespace(boxes=[1] if image.any() else None)
        if image[:, :5].mean() > 100:
            return SimpleNamespace(txts=('WATER', ), scores=(0.9, ))
        return SimpleNamespace(boxes=None, txts=None, scores=None)


def test_reads_as_it_is_and_mirrored() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    engine = Engine()
    assert not TextReader(engine)(image)
    assert len(engine.calls) == 1  # nothing is read where nothing is found
    image[:, :5] = 200
    assert TextReader(engine)(image)
    assert TextReader(engine)(image[:, ::-1])
    image[:] = 50
    assert not TextReader(engine)(image)


def test_channels_are_swapped_for_the_engine() -> None:
    engine = Engine()
    image = np.zeros((10, 10, 3), np.uint8)
    image[..., 0] = 7
    TextReader(engine)(image)
    assert engine.calls[0][0, 0].tolist() == [0, 0, 7]


def test_the_engine_itself() -> None:
    pytest.importorskip('rapidocr')
    pytest.importorskip('onnxruntime')
    import cv2
    reader = TextReader()
    rng = np.random.default_rng(0)
    image = rng.normal(150, 8, (300, 400, 3)).clip(0, 255).astype(np.uint8)
    assert not reader(image)
    cv2.putText(image, 'WATER 217', (40, 160), cv2.FONT_HERSHEY_SIMPLEX, 2,
                (20, 20, 40), 4)
    assert reader(image)
    assert reader(np.ascontiguousarray(image[::-1, ::-1]))
    assert reader(np.ascontiguousarray(image[:, ::-1]))
