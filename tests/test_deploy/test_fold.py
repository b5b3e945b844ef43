from __future__ import annotations

import torch

from upocr_mm.deploy.fold import fold_lateral_connections
from upocr_mm.models.layers import LateralConnection


def test_outputs_stay_the_same() -> None:
    """Also at the border, where paddings meet biases."""
    torch.manual_seed(0)
    lateral = LateralConnection(6, in_channels=4).double()
    x = torch.randn(2, 4, 5, 7, dtype=torch.double)
    expected = lateral(x)
    before = sum(p.numel() for p in lateral.parameters())
    fold_lateral_connections(lateral)
    lateral.double()
    assert len(lateral.convs) == 3
    assert sum(p.numel() for p in lateral.parameters()) < 0.7 * before
    # The folded kernel was computed in float64, and stored in float32.
    assert torch.allclose(lateral(x), expected, atol=1e-5)
