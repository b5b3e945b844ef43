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


def reduced_precision(like: torch.Tensor) -> torch.dtype | None:
    """The type to which autocast turns ``like`` for predictions on CPUs.

    None without autocast, with gradients, on other devices and for float64,
    which autocast leaves alone.
    """
    if not pays(like) or like.dtype == torch.float64 or not _is_autocast():
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

    For predictions on CPUs under autocast: cast to half precision, and where
    oneDNN multiplies in it, in the order in which it reads weights. Otherwise
    nothing is done. To be used under the autocast it was made under.
    """
    weight, bias = product
    dtype = reduced_precision(weight)
    if dtype is None:
        return product
    weight = weight.detach().to(dtype)
    if _multiplies(dtype):
        weight = torch.ops.mkldnn._reorder_linear_weight(weight)
    return Product(weight, None if bias is None else bias.to(dtype))


def _multiplies(dtype: torch.dtype) -> bool:
    """Whether oneDNN has a product of bfloat16 or float16 here."""
    name = {torch.bfloat16: 'bf16', torch.float16: 'fp16'}[dtype]
    # torch 2.1 has none of float16
    check = getattr(torch.ops.mkldnn, f'_is_mkldnn_{name}_supported', None)
    return _ONEDNN is not None and check is not None and check()


def linear(x: torch.Tensor,
           weight: torch.Tensor,
           bias: torch.Tensor | None,
           gelu: bool = False) -> torch.Tensor:
    """``F.linear``, on CPUs without gradient by oneDNN.

    There PyTorch takes MKL in float32, which is slower. In half precision
    oneDNN needs weights made ready, GELU is then part of the product.

    Args:
        x: Shape (..., C_in).
        weight: Shape (C_out, C_in), maybe made ready by :func:`prepare`.
        bias: Shape (C_out, ) or None.
        gelu: Followed by a GELU.

    Returns:
        Shape (..., C_out).
    """
    if weight.is_mkldnn:
        x = x.to(reduced_precision(x) or x.dtype)
    elif not (_ONEDNN is not None and pays(x) and not is_compiling() and
              not _is_autocast() and x.dtype == weight.dtype == torch.float32):
        out = F.linear(x, weight, bias)
        return F.gelu(out) if gelu else out
    return _ONEDNN(x, weight, bias, 'gelu' if gelu else 'none', [], 'none')
