from __future__ import annotations

import torch
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn


def test_products_are_bfloat16_and_weights_stay_float32() -> None:
    """The result is that of rounded factors, and the weights are trained."""
    model = nn.Linear(3, 1, bias=False)
    weight = model.weight.detach().clone()
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='Bfloat16OptimWrapper',
            optimizer=torch.optim.SGD(model.parameters(), lr=0.5)))
    inputs = torch.tensor([[1.001, -2.003, 3.007]])
    with wrapper.optim_context(model):
        out = model(inputs)
    assert out.dtype == torch.bfloat16
    expected = (inputs.bfloat16() * weight.bfloat16()).float().sum()
    torch.testing.assert_close(
        out.float().sum(), expected, rtol=0.01, atol=0.01)
    wrapper.update_params(out.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight,
                               weight - 0.5 * inputs.bfloat16().float())
