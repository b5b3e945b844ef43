from __future__ import annotations
import json

import pytest
import torch

from upocr_mm import __version__
from upocr_mm.deploy import ModelInfo, hash_weights


@pytest.fixture
def info() -> ModelInfo:
    return ModelInfo(
        name='small',
        tasks=('b', 'a'),
        input_size=(64, 96),
        batch_size=2,
        precision='float32',
        task_meta=dict(tasks=['a', 'b'], palettes=dict(a=[[0, 1, 255]])),
        weights_sha256='0' * 64)


def test_round_trip(info: ModelInfo) -> None:
    assert info.package_version == __version__
    assert ModelInfo.from_json(info.to_json(), 'x.onnx') == info


def test_bad_text(info: ModelInfo) -> None:
    with pytest.raises(ValueError, match='x.onnx was not written by'):
        ModelInfo.from_json(None, 'x.onnx')
    for text in ('{', '[]', '{}', '{"format_version": 1}'):
        with pytest.raises(ValueError, match='metadata of x.onnx is damaged'):
            ModelInfo.from_json(text, 'x.onnx')
    newer = dict(
        json.loads(info.to_json()), format_version=2, package_version='9.0')
    with pytest.raises(
            ValueError, match='x.onnx has format 2 of upocr_mm 9.0, .* 1$'):
        ModelInfo.from_json(json.dumps(newer), 'x.onnx')


def test_hash_of_weights() -> None:
    """Of names, types, shapes and values, in any order."""
    one, two = torch.arange(6.), torch.tensor(3)
    digest = hash_weights(dict(a=one, b=two))
    assert digest == hash_weights(dict(b=two, a=one.clone()))
    assert len(digest) == 64
    others = [
        dict(a=one, c=two),
        dict(a=one + 1, b=two),
        dict(a=one.view(2, 3), b=two),
        dict(a=one.double(), b=two)
    ]
    digests = {hash_weights(other) for other in others}
    assert len(digests) == 4 and digest not in digests
    # of the values, not of their order in memory
    matrix = one.view(2, 3)
    assert hash_weights(dict(a=matrix.t())) == hash_weights(
        dict(a=matrix.t().contiguous()))
