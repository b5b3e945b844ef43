from __future__ import annotations

import torch

from upocr_mm.models.layers import LateralConnection


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


def test_takes_other_channels_in() -> None:
    lateral = LateralConnection(4, in_channels=7)
    assert lateral(torch.randn(1, 7, 5, 6)).shape == (1, 4, 5, 6)
