from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from upocr_mm.models.layers.linear import Product, linear, prepare


@pytest.mark.parametrize('bias', [False, True])
@pytest.mark.parametrize('shape', [(5, 8), (2, 3, 8), (2, 3, 4, 8)])
def test_equals_pytorch(shape: tuple[int, ...], bias: bool) -> None:
    x, weight = torch.randn(shape), torch.randn(6, 8)
    vector = torch.randn(6) if bias else None
    expected = F.linear(x, weight, vector)
    with torch.no_grad():
        assert torch.allclose(linear(x, weight, vector), expected, atol=1e-5)
        for dtype in torch.float64, torch.bfloat16:
            cast = None if vector is None else vector.to(dtype)
            out = linear(x.to(dtype), weight.to(dtype), cast)
            assert out.dtype == dtype
            assert torch.allclose(out.float(), expected, atol=0.2)
        with torch.autocast('cpu', torch.bfloat16):
            assert linear(x, weight, vector).dtype == torch.bfloat16


def test_has_a_gradient() -> None:
    weight = torch.randn(6, 8, requires_grad=True)
    linear(torch.randn(3, 8), weight, None).sum().backward()
    assert weight.grad is not None


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('bias', [False, True])
@pytest.mark.parametrize('gelu', [False, True])
def test_prepared_for_half_precision(dtype: torch.dtype, bias: bool,
                                     gelu: bool) -> None:
    if dtype == torch.float16 and not hasattr(torch, 'get_autocast_dtype'):
        pytest.skip('this torch has no autocast to float16 on CPUs')
    x, weight = torch.randn(2, 5, 32), torch.randn(16, 32)
    product = Product(weight, torch.randn(16) if bias else None)
    with torch.no_grad():
        assert prepare(product) is product
        exact = linear(x, *product, gelu=gelu)
        expected = F.linear(x, *product)
        expected = F.gelu(expected) if gelu else expected
        assert torch.allclose(exact, expected, atol=1e-5)
        with torch.autocast('cpu', dtype):
            prepared = prepare(product)
            out = linear(x, *prepared, gelu=gelu)
            double = product.weight.double(), None
            assert prepare(Product(*double)).weight is double[0]
    assert prepared.weight.dtype == out.dtype == dtype
    assert torch.allclose(out.float(), expected, atol=0.1)
    # With a gradient the weights themselves are multiplied.
    with torch.autocast('cpu', dtype):
        assert prepare(product) is product
