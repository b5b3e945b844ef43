from __future__ import annotations

import torch
import torch.nn.functional as F

from .chunks import is_compiling, pays

# PyTorch's door to oneDNN for a dense product in float32; it has no gradient.
_ONEDNN = getattr(torch.ops.mkldnn, '_linear_pointwise',
                  None) if (torch.backends.mkldnn.is_available()) else None


def linear(x: torch.Tensor, weight: torch.Tensor,
           bias: torch.Tensor | None) -> torch.Tensor:
    """``F.linear``, on CPUs in float32 without gradient by oneDNN.

    There PyTorch takes MKL, which is slower.

    Args:
        x: Shape (..., C_in).
        weight: Shape (C_out, C_in).
        bias: Shape (C_out, ) or None.

    Returns:
        Shape (..., C_out).
    """
    if (_ONEDNN is not None and pays(x) and not is_compiling()
            and not torch.is_autocast_cpu_enabled()
            and x.dtype == weight.dtype == torch.float32):
        return _ONEDNN(x, weight, bias, 'none', [], '')
    return F.linear(x, weight, bias)
