"""Cosine attention of Swin-v2 within windows, on several kernels."""
from __future__ import annotations
from typing import Sequence

import torch
import torch.nn.functional as F

from .chunks import is_compiling
from .window_order import Span

# Windows whose logits fit into this many bytes are computed at a time, so
# that the logits stay in the processor's cache.
LOGIT_BYTES = 2 * 2**20
# Bytes of a logit of training, in float32.
LOGIT_SIZE = 4
# As in F.normalize: shorter vectors are not stretched to unit length.
EPS = 1e-12


def cosine_attention(qkv: torch.Tensor,
                     scale: torch.Tensor,
                     bias: torch.Tensor,
                     shift_masks: torch.Tensor | None,
                     spans: Sequence[Span],
                     dropout: float = 0.) -> torch.Tensor:
    """Softmax of scaled cosines plus position bias, times the values.

    Swin Transformer V2, section 3.2: ``softmax(scale * cos(q, k) + bias +
    mask) v``.

    Args:
        qkv: Queries, keys and values of B windows of T tokens, (B, T, 3,
            heads, D). May be overwritten if no gradient is recorded.
        scale: Factor of the cosines, (heads, 1, 1).
        bias: Of each pair of tokens, (heads, T, T).
        shift_masks: Added to the bias in windows of each kind, (4, T, T), or
            None without shift.
        spans: Which windows are of which kind.
        dropout: Probability with which a weight is dropped.

    Returns:
        Shape (B, T, heads * D).
    """
    if not torch.is_grad_enabled() and not dropout:
        # (3, B, heads, T, D)
        parts = qkv.permute(2, 0, 3, 1, 4)
        if qkv.device.type != 'cpu':
            _normalize_(parts[:2], scale)
            return _attend(*parts, bias, shift_masks, spans)
        with torch.autocast('cpu', enabled=False):
            parts = parts.contiguous()
            # Operations on rows as short as D are slow in half precision.
            qk = _normalize_(parts[:2].to(_precise(qkv.dtype)), scale)
            (q, k), v = qk.to(qkv.dtype), parts[2]
            # Plain products are faster than PyTorch's fused kernel in half
            # precision and for small windows.
            if q.dtype != qk.dtype or q.shape[-2] <= 128:
                return _attend_by_products(q, k, v, bias, shift_masks, spans)
            return _attend(q, k, v, bias, shift_masks, spans)
    if qkv.device.type == 'cpu' and not dropout and not is_compiling():
        return _CosineAttention.apply(qkv, scale, bias, shift_masks, spans)
    q, k, v = qkv.unbind(2)
    q, k = ((_unit(q) * scale[:, 0]).to(v.dtype), _unit(k).to(v.dtype))
    return _attend(*(x.transpose(1, 2) for x in (q, k, v)), bias, shift_masks,
                   spans, dropout)


def _precise(dtype: torch.dtype) -> torch.dtype:
    return torch.promote_types(dtype, torch.float32)


def _unit(x: torch.Tensor) -> torch.Tensor:
    """Vectors of unit length along the last dimension, in float32.

    The gradient of a vector of zeros is zero. That of ``F.normalize`` is
    ``1 / eps``, which is infinite in half precision; the keys of padded
    tokens are such vectors.
    """
    x = x.to(_precise(x.dtype))
    square = x.square().sum(-1, keepdim=True)
    return x * torch.where(square > 0, square.clamp_min(EPS**2).rsqrt(), 0.)


def _normalize_(qk: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Queries and keys to unit length, queries times the scale, in place.

    Args:
        qk: Shape (2, B, heads, T, D).
        scale: Shape (heads, 1, 1).
    """
    length = torch.linalg.vector_norm(
        qk, dim=-1, keepdim=True, dtype=_precise(qk.dtype))
    factor = length.clamp_min_(EPS).reciprocal_()  # (2, B, heads, T, 1)
    factor[0] *= scale
    qk *= factor
    return qk


def _mask(bias: torch.Tensor, shift_masks: torch.Tensor | None,
          kind: int) -> torch.Tensor:
    """(heads, T, T)"""
    return bias + shift_masks[kind].to(bias.dtype) if kind else bias


def _attend(q: torch.Tensor,
            k: torch.Tensor,
            v: torch.Tensor,
            bias: torch.Tensor,
            shift_masks: torch.Tensor | None,
            spans: Sequence[Span],
            dropout: float = 0.) -> torch.Tensor:
    """Of scaled unit queries, unit keys and values (B, heads, T, D)."""
    bias = bias.to(v.dtype)
    outs = []
    for start, stop, kind in spans:
        part = [x[start:stop] for x in (q, k, v)]
        if q.is_cuda:
            # With a mask, kernels of torch 2.1 compute garbage from strides.
            part = [x.contiguous() for x in part]
        out = F.scaled_dot_product_attention(
            *part,
            attn_mask=_mask(bias, shift_masks, kind)[None],
            dropout_p=dropout,
            scale=1.0)
        outs.append(out.transpose(1, 2).flatten(2))
    return torch.cat(outs) if len(outs) > 1 else outs[0]


def _attend_by_products(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor,
                        bias: torch.Tensor, shift_masks: torch.Tensor | None,
                        spans: Sequence[Span]) -> torch.Tensor:
    """As :func:`_attend`, a few windows at a time."""
    b, heads, t, d = v.shape
    out = v.new_empty(b, t, heads * d)
    for part, mask in _portions(
            bias.to(v.dtype), shift_masks, spans, v.element_size()):
        weights = _weights(q[part], k[part], mask)
        _heads(out[part], heads).copy_(weights @ v[part])
    return out


class _CosineAttention(torch.autograd.Function):
    """The same for training on CPUs, in float32.

    Keeps nothing but its inputs for the backward pass, which computes the
    logits anew, a few windows at a time. PyTorch's fused kernel for CPUs has
    no gradient for the bias, and the unfused one keeps every logit.
    """

    @staticmethod
    def forward(ctx, qkv: torch.Tensor, scale: torch.Tensor,
                bias: torch.Tensor, shift_masks: torch.Tensor | None,
                spans: Sequence[Span]) -> torch.Tensor:
        ctx.save_for_backward(qkv, scale, bias)
        ctx.shift_masks, ctx.spans = shift_masks, spans
        b, t, _, heads, d = qkv.shape
        out = qkv.new_empty(b, t, heads * d)
        with torch.autocast('cpu', enabled=False):
            for part, mask in _portions(bias, shift_masks, spans, LOGIT_SIZE):
                q, k, v, *_ = _ready(qkv[part], scale)
                weights = _weights(q, k, mask)
                _heads(out[part], heads).copy_(weights @ v)
        return out

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> tuple:
        qkv, scale, bias = ctx.saved_tensors
        heads = qkv.shape[3]
        grad_qkv = torch.empty_like(qkv)
        grad_scale = torch.zeros_like(scale)
        grad_bias = torch.zeros_like(bias)
        for part, mask in _portions(bias, ctx.shift_masks, ctx.spans,
                                    LOGIT_SIZE):
            # (windows, heads, T, D); q is scaled
            q, k, v, unit_q, factors = _ready(qkv[part], scale)
            grad_out = _heads(grad[part], heads).to(v.dtype)
            weights = _weights(q, k, mask)
            grad_v = weights.transpose(-1, -2) @ grad_out
            grad_logits = grad_out @ v.transpose(-1, -2)
            grad_logits *= weights
            grad_logits -= weights * grad_logits.sum(-1, keepdim=True)
            grad_bias += grad_logits.sum(0)
            grad_q = grad_logits @ k
            grad_k = grad_logits.transpose(-1, -2) @ q
            grad_scale += (grad_q * unit_q).sum((0, 2, 3))[:, None, None]
            grad_q *= scale
            target = grad_qkv[part].permute(2, 0, 3, 1, 4)
            pairs = ((grad_q, unit_q), (grad_k, k))
            for i, (grad_unit, unit) in enumerate(pairs):
                # of x / |x|: what is not along x, divided by the length
                along = (grad_unit * unit).sum(-1, keepdim=True)
                target[i] = (grad_unit - along * unit) * factors[i]
            target[2] = grad_v
        return grad_qkv, grad_scale, grad_bias, None, None


def _portions(bias: torch.Tensor, shift_masks: torch.Tensor | None,
              spans: Sequence[Span], size: int):
    """Slices of a few windows each, and their mask (heads, T, T).

    ``size`` is the number of bytes of a logit.
    """
    step = max(1, LOGIT_BYTES // (size * bias.numel()))
    for start, stop, kind in spans:
        mask = _mask(bias, shift_masks, kind)
        for i in range(start, stop, step):
            yield slice(i, min(i + step, stop)), mask


def _ready(qkv: torch.Tensor, scale: torch.Tensor) -> tuple:
    """Scaled unit queries, unit keys, values, unit queries, 1 / lengths."""
    q, k, v = qkv.permute(2, 0, 3, 1, 4).to(_precise(qkv.dtype))
    factors, units = [], []
    for x in (q, k):
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        # Zero has no direction: it stays zero and gets no gradient.
        factor = torch.where(length > 0,
                             length.clamp_min(EPS).reciprocal(),
                             torch.zeros_like(length))
        factors.append(factor)
        units.append(x * factor)
    return units[0] * scale, units[1], v, units[0], factors


def _weights(q: torch.Tensor, k: torch.Tensor,
             mask: torch.Tensor) -> torch.Tensor:
    logits = q @ k.transpose(-1, -2)
    logits += mask
    return logits.softmax(-1)


def _heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(windows, T, heads * D) to a view (windows, heads, T, D)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)
