from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
import torch
from small_model import BATCH, SIZE, small_model

from upocr_mm.deploy import ModelInfo, export_onnx, hash_weights
from upocr_mm.deploy.export import TaskGraph
from upocr_mm.models import UPOCR


@pytest.mark.parametrize('positions', [('shared', ), ('encoder', 'decoder'),
                                       ()])
def test_graph_equals_predict_tasks(positions: tuple,
                                    images: np.ndarray) -> None:
    """Wherever prompts are added, and for tasks in any order."""
    model = small_model(positions=positions).double()
    inputs, tasks = torch.from_numpy(images).double(), model.tasks[::-1]
    with torch.no_grad():
        found = TaskGraph(model, tasks)(inputs)
    expected = model.predict_tasks(inputs, tasks)
    assert len(found) == 3
    for a, b in zip(found, expected):
        assert torch.allclose(a, b, atol=1e-9)
    if positions:
        assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_inputs_outputs_and_metadata(exported: Path, model: UPOCR) -> None:
    onnx = pytest.importorskip('onnx')
    content = onnx.load(str(exported))
    shapes = {}
    for value in (*content.graph.input, *content.graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(dim.dim_value for dim in dims)
    shape = (BATCH, 3, *SIZE)
    assert shapes == dict(
        images=shape, **{task: shape
                         for task in model.tasks})
    texts = {p.key: p.value for p in content.metadata_props}
    info = ModelInfo.from_json(texts['upocr_mm'], 'small.onnx')
    assert info == ModelInfo(
        name='small',
        tasks=model.tasks,
        input_size=SIZE,
        batch_size=BATCH,
        precision='float32',
        task_meta=model.task_meta,
        weights_sha256=hash_weights(model.state_dict()))
    assert [*exported.parent.iterdir()] == [exported]


def test_the_model_stays_as_it_is(exported: Path, tmp_path: Path) -> None:
    model = small_model().train()
    before = hash_weights(model.state_dict())
    done = export_onnx(model, tmp_path / 'one.onnx', (32, 32),
                       ['text_removal'])
    assert model.training and hash_weights(model.state_dict()) == before
    assert done.info.tasks == ('text_removal', )
    assert 0 <= done.max_difference['text_removal'] < 1e-4


def test_too_large_a_difference_leaves_no_file(exported: Path, model: UPOCR,
                                               tmp_path: Path) -> None:
    file = tmp_path / 'one.onnx'
    with pytest.raises(ValueError, match='not written.* tolerance of -1'):
        export_onnx(model, file, (32, 32), ['text_removal'], tolerance=-1)
    assert [*tmp_path.iterdir()] == []


def test_an_interrupt_leaves_the_old_file(exported: Path, model: UPOCR,
                                          tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / 'one.onnx'
    file.write_text('old')

    def interrupt(*args, **kwargs) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr('upocr_mm.deploy.export.load_session', interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_onnx(model, file, (32, 32), ['text_removal'])
    assert file.read_text() == 'old' and [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize('arguments, message', [
    (dict(tasks=['ocr']), r"tasks must be some of \['text_removal'.*'ocr'"),
    (dict(tasks=[]), 'tasks must be some of'),
    (dict(tasks=['text_removal'] * 2), 'each once'),
    (dict(size=(60, 64)), r'multiples of 32, but got \(60, 64\)'),
    (dict(size=(0, 64)), 'multiples of 32'),
    (dict(batch_size=0), 'batch_size must be at least 1, but got 0'),
    (dict(opset=11), 'opset must be from 17 to 20, but got 11'),
    (dict(file='a.xml'), r"must end in '.onnx', but got a.xml"),
])  # yapf: disable
def test_bad_arguments(arguments: dict, message: str, model: UPOCR) -> None:
    arguments = dict(dict(file='a.onnx', size=(64, 64)), **arguments)
    with pytest.raises(ValueError, match=message):
        export_onnx(model, **arguments)


def test_onnx_is_not_installed(model: UPOCR, monkeypatch,
                               tmp_path: Path) -> None:
    monkeypatch.setitem(__import__('sys').modules, 'onnx', None)
    with pytest.raises(ImportError, match=r'onnx .*upocr_mm\[onnxruntime\]'):
        export_onnx(model, tmp_path / 'a.onnx', (32, 32))
