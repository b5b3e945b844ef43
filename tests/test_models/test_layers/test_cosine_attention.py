from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from upocr_mm.models.layers import cosine_attention as module
from upocr_mm.models.layers.cosine_attention import cosine_attention
from upocr_mm.models.layers.window_order import Span, shift_masks

SPANS = (Span(0, 2, 0), Span(2, 3, 1), Span(3, 5, 3))


def draw(dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    qkv = torch.randn(5, 16, 3, 2, 8, dtype=dtype)
    scale = torch.tensor([[[3.]], [[20.]]], dtype=dtype)
    bias = torch.randn(2, 16, 16, dtype=dtype)
    return qkv, scale, bias


def by_the_formula(qkv: torch.Tensor, scale: torch.Tensor,
                   bias: torch.Tensor) -> torch.Tensor:
    masks = shift_masks(4, 2, torch.device('cpu'))[[0, 0, 1, 3, 3]]
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    cosine = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(2, 3)
    logits = scale * cosine + bias + masks[:, None]
    return (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)


def ours(qkv: torch.Tensor, scale: torch.Tensor,
         bias: torch.Tensor) -> torch.Tensor:
    masks = shift_masks(4, 2, torch.device('cpu'))
    return cosine_attention(qkv, scale, bias, masks, SPANS)


@pytest.mark.parametrize('logit_bytes', [1, 3 * 4 * 512, 2**21])
def test_equals_the_formula(monkeypatch, logit_bytes: int) -> None:
    monkeypatch.setattr(module, 'LOGIT_BYTES', logit_bytes)
    values = draw()
    expected = by_the_formula(*values)
    assert torch.allclose(ours(*values), expected, atol=1e-12)
    with torch.no_grad():
        assert torch.allclose(ours(*values), expected, atol=1e-12)


def gradients(function, values: tuple[torch.Tensor, ...]) -> list:
    values = [value.clone().requires_grad_() for value in values]
    out = function(*values)
    weight = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)
    return torch.autograd.grad((weight * out).sum(), values)


@pytest.mark.parametrize('logit_bytes', [1, 2**21])
def test_gradients_equal_those_of_the_formula(monkeypatch,
                                              logit_bytes: int) -> None:
    monkeypatch.setattr(module, 'LOGIT_BYTES', logit_bytes)
    values = draw()
    for grad, expected in zip(
            gradients(ours, values), gradients(by_the_formula, values)):
        assert torch.allclose(grad, expected, atol=1e-10)


def test_the_path_of_other_devices_agrees(monkeypatch) -> None:
    """What GPUs and compilers take: PyTorch's kernel with its gradient."""
    values = draw()
    expected = gradients(ours, values)
    monkeypatch.setattr(module, 'is_compiling', lambda: True)
    for grad, reference in zip(gradients(ours, values), expected):
        # unit vectors of at least float32
        assert torch.allclose(grad, reference, atol=1e-6)


@pytest.mark.parametrize('compiling', [False, True])
def test_vectors_of_zeros_have_no_gradient(monkeypatch,
                                           compiling: bool) -> None:
    """Keys of padded tokens; 1 / eps is infinite in half precision."""
    monkeypatch.setattr(module, 'is_compiling', lambda: compiling)
    qkv, scale, bias = draw(torch.float32)
    qkv[:, 3, :2] = 0
    grad = gradients(ours, (qkv, scale, bias))[0]
    assert torch.equal(grad[:, 3, :2], torch.zeros_like(grad[:, 3, :2]))
    assert grad.isfinite().all()


def test_half_precision() -> None:
    values = draw(torch.float32)
    expected = by_the_formula(*values)
    half = (values[0].bfloat16(), *values[1:])
    for grad_mode in True, False:
        with torch.set_grad_enabled(grad_mode), torch.autocast(
                'cpu', torch.bfloat16):
            out = ours(half[0].clone(), *half[1:])
        assert out.dtype == torch.bfloat16
        assert (out.float() - expected).abs().max() < 0.05
