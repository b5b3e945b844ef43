from __future__ import annotations

import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from reference_model import TASKS, reference_model, reference_model_cfg

COMPILES = pytest.mark.skipif(
    not hasattr(torch.compiler, 'is_compiling'),
    reason='tracing the model takes minutes in torch 2.1')


def build(**kwargs) -> torch.nn.Module:
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(dict(reference_model_cfg(), **kwargs))


def sample(task: str, **metainfo) -> SegDataSample:
    return SegDataSample(metainfo=dict(task=task, **metainfo))


def test_predictions_never_record_gradients() -> None:
    model = reference_model().train()
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    with torch.enable_grad():
        assert not model.predict_tasks(image, TASKS)[0].requires_grad
        result, = model.predict(image, [sample(TASKS[0])])
    assert not result.pred_image.data.requires_grad


def test_all_tasks_of_an_image_in_one_encoder_pass() -> None:
    model = reference_model()
    images = torch.rand(2, 3, 40, 64)
    passes = []
    model.backbone.register_forward_hook(lambda *_: passes.append('encoder'))
    for lateral in model.decode_head.laterals:
        lateral.register_forward_hook(lambda *_: passes.append('lateral'))
    with torch.no_grad():
        images_of_tasks = model.predict_tasks(images, TASKS)
        assert sorted(passes) == ['encoder'] + 3 * ['lateral']
        for task, answer in zip(TASKS, images_of_tasks):
            expected = model.encode_decode(images, [task] * 2)[-1]
            assert torch.allclose(answer, expected, atol=1e-4)


def test_several_tasks_where_the_encoder_is_prompted() -> None:
    cfg = dict(
        type='TaskPrompt', tasks=TASKS, positions=['encoder', 'decoder'])
    # Untrained, it magnifies rounding.
    model = build(task_prompt=cfg).eval().double()
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        for task, answer in zip(TASKS, model.predict_tasks(images, TASKS)):
            expected = model.encode_decode(images, [task] * 2)[-1]
            assert torch.allclose(answer, expected, atol=1e-4)


@pytest.mark.parametrize('tasks', ['text_removal', [], ['text_magic']])
def test_tasks_are_a_list_of_names(tasks: str | list[str]) -> None:
    with pytest.raises(ValueError, match='text_removal'):
        reference_model().predict_tasks(torch.rand(1, 3, 32, 32), tasks)


@pytest.mark.parametrize('inputs', [
    torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
    torch.zeros(3, 32, 32),
    torch.zeros(1, 4, 32, 32),
    torch.zeros(1, 3, 32, 32).numpy(),
])
def test_inputs_are_batches_of_floats(inputs: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r'floating-point.*\(N, 3, H, W\)'):
        reference_model().predict_tasks(inputs, TASKS)


def test_number_of_tasks_must_fit() -> None:
    with pytest.raises(ValueError, match='3.*multiple.*2'):
        reference_model().encode_decode(torch.rand(2, 3, 32, 32), TASKS)


def test_half_precision_by_config() -> None:
    model, half = reference_model(), reference_model()
    half.test_cfg = build(test_cfg=dict(dtype='bfloat16')).test_cfg
    torch.manual_seed(0)
    image = torch.rand(1, 3, 64, 64)
    expected, found = (
        m.predict(image, [sample(TASKS[0])])[0].pred_image.data
        for m in (model.eval(), half.eval()))
    assert found.dtype == torch.float32
    assert not torch.equal(found, expected)
    assert (found - expected).square().mean().sqrt() < 0.01  # 40 dB


@pytest.mark.parametrize('dtype, close', [(torch.float64, 1e-4),
                                          (torch.bfloat16, 0.05)])
@pytest.mark.parametrize('autocast', [False, True])
def test_converted_model(dtype: torch.dtype, close: float,
                         autocast: bool) -> None:
    model = reference_model().eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected, = model.predict_tasks(image, TASKS[:1])
        model.to(dtype)
        with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
            found, = model.predict_tasks(image.to(dtype), TASKS[:1])
    assert (found - expected).abs().mean() < close


@COMPILES
def test_compiled_by_config() -> None:
    """The compiler's own kernels are left out: they take minutes."""
    model, compiled = reference_model(), reference_model()
    cfg = dict(compile=dict(backend='eager'))
    compiled.test_cfg = build(test_cfg=cfg).test_cfg
    for size in (32, 64):
        image = torch.rand(1, 3, size, size)
        with torch.no_grad():
            expected, found = (
                m.predict_tasks(image, TASKS) for m in (model, compiled))
        for a, b in zip(expected, found):
            assert torch.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize('cfg, match', [
    (dict(dtype='int8'), 'test_cfg.dtype.*bfloat16.*int8'),
    (dict(compile='yes'), 'test_cfg.compile.*yes'),
    (dict(mode='whole'), "test_cfg.*'compile'.*mode"),
])
def test_unknown_test_cfg(cfg: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        build(test_cfg=cfg)


@COMPILES
def test_compiled_once() -> None:
    """Neither a second call nor a cache compiles anything again."""
    torch._dynamo.reset()  # other tests compiled for several sizes
    model, graphs = reference_model(), []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    model.test_cfg = build(test_cfg=dict(compile=dict(
        backend=backend))).test_cfg
    images = [
        model.predict_tasks(torch.full((1, 3, 32, 32), 0.5), TASKS)[0]
        for _ in range(3)
    ]
    assert len(graphs) == 1
    assert torch.equal(images[0], images[2])
