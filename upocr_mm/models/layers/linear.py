from __future__ import annotations
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .chunks import is_compiling, pays

# PyTorch's door to oneDNN for a dense product; it has no gradient.
_ONEDNN = getattr(torch.ops.mkldnn, '_linear_pointwise',
                  None) if (torch.backends.mkldnn.is_available()) else None


class Product(NamedTuple):
    """Weight and bias of a linear layer, as :func:`linear` takes them.

    Attributes:
        weight: Shape (C_out, C_in).
        bias: Shape (C_out, ) or None.
    """
    weight: torch.Tensor
    bias: torch.Tensor | None


def reduced_precision() -> torch.dtype | None:
    """The type of autocast for predictions on CPUs, None without it."""
    if torch.is_grad_enabled() or not _is_autocast():
        return None
    if hasattr(torch, 'get_autocast_dtype'):
        return torch.get_autocast_dtype('cpu')
    return torch.get_autocast_cpu_dtype()  # torch 2.1


def _is_autocast() -> bool:
    """Whether there is autocast on CPUs."""
    if hasattr(torch, 'get_autocast_dtype'):
        return torch.is_autocast_enabled('cpu')
    return torch.is_autocast_cpu_enabled()  # torch 2.1


def prepare(product: Product) -> Product:
    """Make ready for many calls of :func:`linear`.

    For predictions on CPUs under autocast: weights in half precision, in the
    order in which oneDNN reads them. Otherwise nothing is done.
    """
    dtype = reduced_precision()
    weight, bias = product
    if dtype is None or weight.device.type != 'cpu':
        return product
    weight = weight.detach().to(dtype)
    if _multiplies(dtype):
        weight = torch.ops.mkldnn._reorder_linear_weight(weight)
    return Product(weight, None if bias is None else bias.to(dtype))


def _multiplies(dtype: torch.dtype) -> bool:
    """Whether oneDNN has a product of this half precision here."""
    supported = dict(
        bfloat16='_is_mkldnn_bf16_supported',
        float16='_is_mkldnn_fp16_supported').get(str(dtype)[6:])
    return (_ONEDNN is not None and hasattr(torch.ops.mkldnn, supported)
            and getattr(torch.ops.mkldnn, supported)())


def linear(x: torch.Tensor,
           weight: torch.Tensor,
           bias: torch.Tensor | None,
           gelu: bool = False) -> torch.Tensor:
    """``F.linear``, on CPUs in float32 without gradient by oneDNN.

    There PyTorch takes MKL, which is slower.

    Args:
        x: Shape (..., C_in).
        weight: Shape (C_out, C_in), maybe made ready by :func:`prepare`.
        bias: Shape (C_out, ) or None.
        gelu: Followed by a GELU.

    Returns:
        Shape (..., C_out).
    """
    if weight.is_mkldnn:
        x = x.to(reduced_precision())
    elif not (_ONEDNN is not None and pays(x) and not is_compiling() and
              not _is_autocast() and x.dtype == weight.dtype == torch.float32):
        out = F.linear(x, weight, bias)
        return F.gelu(out) if gelu else out
    return _ONEDNN(x, weight, bias, 'gelu' if gelu else 'none', [], 'none')
