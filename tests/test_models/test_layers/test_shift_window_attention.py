from __future__ import annotations
import pickle
from copy import deepcopy

import pytest
import torch
from mmpretrain.models.utils import ShiftWindowMSA
from mmpretrain.models.utils.attention import WindowMSAV2

from upocr_mm.models.layers import ShiftWindowAttention
from upocr_mm.models.layers.shift_window_attention import (
    _unit, expand_relative_position_bias, window_partition, window_reverse)


def build(window: int = 4,
          shift: int = 0,
          heads: int = 2,
          **kwargs) -> tuple[ShiftWindowMSA, ShiftWindowAttention]:
    """mmpretrain's attention and ours with the same random weights."""
    torch.manual_seed(0)
    reference = ShiftWindowMSA(
        embed_dims=8 * heads,
        num_heads=heads,
        window_size=window,
        shift_size=shift,
        pad_small_map=True,
        window_msa=WindowMSAV2,
        pretrained_window_size=(4, 4),
        **kwargs).eval()
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.uniform_(-0.3, 0.3)
        # beyond the limit of the temperature, log(100) = 4.6
        reference.w_msa.logit_scale.uniform_(2, 6)
    return reference, ShiftWindowAttention(deepcopy(reference)).eval()


@pytest.mark.parametrize('shift', [0, 2])
@pytest.mark.parametrize('hw', [(8, 8), (8, 12), (7, 9), (4, 4), (3, 2),
                                (1, 1)])
@pytest.mark.parametrize('batch', [1, 3])
def test_equals_mmpretrain(hw: tuple[int, int], shift: int,
                           batch: int) -> None:
    reference, ours = build(shift=shift)
    x = torch.randn(batch, hw[0] * hw[1], 16)
    expected = reference(x, hw)
    assert torch.allclose(ours(x, hw), expected, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(ours(x, hw), expected, atol=1e-5)
        # once more, from the cached bias
        assert torch.allclose(ours(x, hw), expected, atol=1e-5)


@pytest.mark.parametrize('shift', [0, 2])
def test_gradients_equal_mmpretrain(shift: int) -> None:
    reference, ours = build(shift=shift)
    x = torch.randn(2, 56, 16, dtype=torch.float64)
    for module in reference, ours:
        module.double().train()(x, (7, 8)).square().sum().backward()
    names = dict(ours.named_parameters())
    assert set(names) == set(dict(reference.named_parameters()))
    for name, parameter in reference.named_parameters():
        assert torch.allclose(
            names[name].grad, parameter.grad, rtol=1e-8, atol=1e-8), name


def test_state_dict_layout() -> None:
    reference, ours = build(shift=2)
    assert list(ours.state_dict()) == list(reference.state_dict())


def changed_weights(ours: ShiftWindowAttention) -> dict:
    torch.manual_seed(1)
    return {
        name:
        torch.rand_like(value)
        if value.is_floating_point() and 'relative' not in name else value
        for name, value in ours.state_dict().items()
    }


def change_by_loading(ours: ShiftWindowAttention) -> None:
    ours.load_state_dict(changed_weights(ours))


def change_by_optimizer(ours: ShiftWindowAttention) -> None:
    optimizer = torch.optim.AdamW(ours.parameters(), lr=0.1)
    with torch.enable_grad():
        ours(torch.randn(1, 64, 16), (8, 8)).sum().backward()
    optimizer.step()


def change_by_averaging(ours: ShiftWindowAttention) -> None:
    # as mmengine's EMAHook exchanges weights before a validation
    for parameter in ours.parameters():
        parameter.data.copy_(torch.rand_like(parameter))
    ours.eval()


def change_by_replacing(ours: ShiftWindowAttention) -> None:
    for parameter in ours.parameters():
        parameter.data = torch.rand_like(parameter)


@pytest.mark.parametrize('change', [
    change_by_loading, change_by_optimizer, change_by_averaging,
    change_by_replacing
])
def test_nothing_stale_is_used(change) -> None:
    reference, ours = build(shift=2)
    x = torch.randn(1, 64, 16)
    with torch.no_grad():
        before = ours(x, (8, 8))
        change(ours)
        reference.load_state_dict(ours.state_dict())
        after = ours(x, (8, 8))
        assert torch.allclose(after, reference(x, (8, 8)), atol=1e-5)
    assert not torch.allclose(after, before, atol=1e-2)


def test_training_after_evaluation() -> None:
    reference, ours = build(shift=2)
    x = torch.randn(1, 64, 16)
    with torch.no_grad():
        ours(x, (8, 8))
    ours.train()(x, (8, 8)).sum().backward()
    bias = ours.w_msa.cpb_mlp[0].weight
    assert bias.grad is not None and bias.grad.abs().sum() > 0
    with torch.no_grad():
        bias.add_(1)
        reference.load_state_dict(ours.state_dict())
        assert torch.allclose(
            ours.eval()(x, (8, 8)), reference(x, (8, 8)), atol=1e-5)


def test_sizes_do_not_mix() -> None:
    reference, ours = build(shift=2)
    with torch.no_grad():
        for hw in [(8, 8), (4, 16), (8, 8), (16, 4)]:
            x = torch.randn(1, 64, 16)
            assert torch.allclose(ours(x, hw), reference(x, hw), atol=1e-5)


def test_the_bias_is_computed_once(monkeypatch) -> None:
    _, ours = build(shift=2)
    calls = []
    compute = ours._compute_bias
    monkeypatch.setattr(ours, '_compute_bias',
                        lambda: calls.append(None) or compute())
    with torch.no_grad():
        for _ in range(3):
            ours(torch.randn(1, 64, 16), (8, 8))
        assert len(calls) == 1
        ours(torch.randn(1, 64, 16), (8, 8))
    ours(torch.randn(1, 64, 16), (8, 8))
    assert len(calls) == 2  # with gradients


@pytest.mark.parametrize(
    'copy', [deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_do_not_get_the_cache(copy) -> None:
    _, ours = build(shift=2)
    x = torch.randn(1, 64, 16)
    with torch.no_grad():
        expected = ours(x, (8, 8))
        other = copy(ours)
        assert other._cached_bias is None
        assert torch.equal(other(x, (8, 8)), expected)


def test_autocast_keeps_the_bias_precise() -> None:
    reference, ours = build(shift=2)
    x = torch.randn(1, 64, 16)
    with torch.no_grad():
        exact = ours._compute_bias()
        with torch.autocast('cpu', torch.bfloat16):
            assert torch.equal(ours._compute_bias(), exact)
            out = ours(x, (8, 8))
    assert (out.float() - reference(x, (8, 8))).abs().max() < 0.1


def test_expanded_bias_is_mmpretrains() -> None:
    """By the index with which mmpretrain reads it."""
    _, ours = build(window=5)
    table = torch.randn(2, 9, 9)
    bias = expand_relative_position_bias(table, 5)
    index = ours.w_msa.relative_position_index
    assert torch.equal(bias, table.flatten(1)[:, index])


def test_a_query_or_key_of_zeros_gets_a_gradient_of_zeros() -> None:
    """Padded tokens are such keys; in half precision 1 / eps is infinite."""
    x = torch.zeros(2, 3)
    x[1] = torch.tensor([3., 0., 4.])
    x.requires_grad_()
    unit = _unit(x)
    assert torch.equal(unit[1], torch.tensor([0.6, 0., 0.8]))
    unit.sum().backward()
    assert torch.equal(x.grad[0], torch.zeros(3))
    assert x.grad[1].abs().sum() > 0


def test_partition_and_its_inverse() -> None:
    x = torch.arange(2 * 4 * 6.).view(2, 4, 6, 1)
    windows = window_partition(x, 2)
    assert windows.shape == (2, 2, 3, 4, 1)
    assert windows[0, 1, 2, :, 0].tolist() == [16, 17, 22, 23]
    assert torch.equal(window_reverse(windows), x)


def test_loads_weights_of_another_window() -> None:
    """The tables that belong to the window are kept."""
    _, ours = build(window=4)
    _, other = build(window=8)
    table = ours.w_msa.relative_coords_table.clone()
    ours.load_state_dict(other.state_dict())
    assert torch.equal(ours.w_msa.relative_coords_table, table)
    assert torch.equal(ours.w_msa.qkv.weight, other.w_msa.qkv.weight)


def test_refuses_unpadded_reference() -> None:
    with pytest.raises(ValueError, match='pad_small_map=True'):
        ShiftWindowAttention(
            ShiftWindowMSA(
                embed_dims=8, num_heads=1, window_size=4, shift_size=0))
