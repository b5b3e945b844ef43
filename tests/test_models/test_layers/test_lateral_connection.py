from __future__ import annotations

import pytest
import torch

from upocr_mm.models.layers import LateralConnection, lateral_connection


@pytest.fixture(autouse=True)
def fold_small_maps(monkeypatch):
    monkeypatch.setattr(lateral_connection, 'MIN_PIXELS', 0)


def test_is_affine_with_a_5x5_field() -> None:
    lateral = LateralConnection(4).eval()
    x, y = torch.randn(2, 1, 4, 9, 9)
    with torch.no_grad():
        zero = lateral(torch.zeros_like(x))
        # nothing non-linear between the convolutions
        assert torch.allclose(
            lateral(x + y) + zero, lateral(x) + lateral(y), atol=1e-5)
        z = x.clone()
        z[..., 4, 4] += 1
        changed = (lateral(z) - lateral(x)).abs().sum((0, 1)) > 1e-6
    assert changed[2:7, 2:7].all()
    assert changed.sum() == 25


def test_parameters() -> None:
    c = 4
    sizes = [c * c + c, 9 * 2 * c * c + 2 * c, 9 * 4 * c * c + 2 * c,
             2 * c * c + c]  # yapf: disable
    lateral = LateralConnection(c)
    assert sum(p.numel() for p in lateral.parameters()) == sum(sizes)


@pytest.mark.parametrize('hw', [(9, 7), (5, 5), (4, 6), (2, 2), (1, 1), (3, 1),
                                (1, 8), (16, 5)])
def test_folded_equals_the_convolutions(hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    lateral = LateralConnection(4).double().eval()
    for parameter in lateral.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(2, 4, *hw, dtype=torch.float64)
    with torch.no_grad():
        # twice: from what was kept, too
        for x in x, x.flip(0):
            assert torch.allclose(lateral(x), lateral.convs(x), atol=1e-9)


def test_sizes_do_not_mix() -> None:
    lateral = LateralConnection(4).eval()
    with torch.no_grad():
        for hw in (8, 8), (3, 8), (8, 3), (12, 9):
            x = torch.randn(1, 4, *hw)
            assert torch.allclose(lateral(x), lateral.convs(x), atol=1e-5)


def change_in_place(lateral: LateralConnection) -> None:
    lateral.convs[2].weight.mul_(2)


def change_behind_autograd(lateral: LateralConnection) -> None:
    # as mmengine's EMAHook exchanges weights before a validation
    lateral.convs[0].bias.data.add_(1)
    lateral.eval()


def change_type(lateral: LateralConnection) -> None:
    lateral.double()


@pytest.mark.parametrize(
    'change', [change_in_place, change_behind_autograd, change_type])
def test_nothing_stale_is_used(change) -> None:
    lateral = LateralConnection(4).eval()
    x = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        lateral(x)
        change(lateral)
        x = x.to(lateral.convs[0].weight.dtype)
        assert torch.allclose(lateral(x), lateral.convs(x), atol=1e-5)


def test_trains_the_convolutions() -> None:
    lateral = LateralConnection(4)
    with torch.no_grad():
        lateral.eval()(torch.randn(1, 4, 8, 8))
    lateral.train()(torch.randn(1, 4, 8, 8)).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in lateral.parameters())
