from __future__ import annotations
import math
from typing import Iterator

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpretrain.models.utils import ShiftWindowMSA

from ..host import is_compiling

# Swin-v2 limits the temperature of its cosine attention to 1 / 0.01.
MAX_LOG_SCALE = math.log(1. / 0.01)
# As in F.normalize: shorter vectors are not stretched to unit length.
EPS = 1e-12


class ShiftWindowAttention(BaseModule):
    """Shifted-window cosine attention of Swin-v2 by PyTorch's SDPA.

    Swin Transformer V2, section 3.2: ``softmax(scale * cos(q, k) + bias +
    mask) v`` within windows. Computes what mmpretrain's ``ShiftWindowMSA``
    with ``WindowMSAV2`` computes, from the same parameters under the same
    names, by ``scaled_dot_product_attention`` with the position bias and the
    mask of the shift as additive mask. Windows that share a mask are computed
    together, so that no mask is expanded to all windows. In evaluation the
    position bias is computed once.

    Args:
        reference: The module whose parameters, window and shift are taken
            over. It must have been built with ``pad_small_map=True``.

    Raises:
        ValueError: ``reference`` was built without ``pad_small_map``.
    """

    def __init__(self, reference: ShiftWindowMSA) -> None:
        super().__init__(reference.init_cfg)
        if not reference.pad_small_map:
            raise ValueError(
                'pad_small_map=False is not supported: feature maps of any '
                'size are padded to full windows, set pad_small_map=True')
        self.window_size = reference.window_size
        self.shift_size = reference.shift_size
        self.w_msa = reference.w_msa
        self.drop = reference.drop
        if self.shift_size:
            masks = shift_masks(self.window_size, self.shift_size)
            # Not part of checkpoints: computed from the window.
            self.register_buffer('shift_masks', masks, persistent=False)
        self._cached_bias: torch.Tensor | None = None
        self._cached_versions: list[tuple[int, int]] = []
        self._register_load_state_dict_pre_hook(self._keep_buffers)

    def forward(self, query: torch.Tensor,
                hw_shape: tuple[int, int]) -> torch.Tensor:
        """Attend within windows.

        Args:
            query: Tokens of shape (N, H * W, C).
            hw_shape: Height and width of the feature map.

        Returns:
            Tokens of shape (N, H * W, C).
        """
        msa, (h, w) = self.w_msa, hw_shape
        n, _, c = query.shape
        window, shift = self.window_size, self.shift_size
        x = query.view(n, h, w, c)
        if h % window or w % window:
            x = F.pad(x, (0, 0, 0, -w % window, 0, -h % window))
        if shift:
            x = x.roll((-shift, -shift), (1, 2))
        qkv_bias = None
        if msa.q_bias is not None:
            qkv_bias = torch.cat(
                (msa.q_bias, torch.zeros_like(msa.v_bias), msa.v_bias))
        qkv = F.linear(window_partition(x, window), msa.qkv.weight, qkv_bias)
        out = self._attend(qkv.unflatten(-1, (3, msa.num_heads, -1)))
        x = window_reverse(msa.proj_drop(msa.proj(out)))
        if shift:
            x = x.roll((shift, shift), (1, 2))
        return self.drop(x[:, :h, :w].reshape(n, h * w, c))

    def _attend(self, qkv: torch.Tensor) -> torch.Tensor:
        """(N, rows, cols, T, 3, heads, D) to (N, rows, cols, T, C)."""
        bias, scale = self._relative_position_bias(), self._scale()
        q, k, v = qkv.unbind(4)
        q, k = (_unit(q) * scale).to(v.dtype), _unit(k).to(v.dtype)
        # each (N, rows, cols, heads, T, D)
        q, k, v = (x.transpose(3, 4) for x in (q, k, v))
        if not self.shift_size:
            return self._sdpa(q, k, v, bias)
        return torch.cat([
            torch.cat([
                self._sdpa(*(x[:, rows, cols] for x in (q, k, v)),
                           bias + self.shift_masks[i, j])
                for j, cols in _inner_and_last(v.shape[2])
            ], 2) for i, rows in _inner_and_last(v.shape[1])
        ], 1)

    def _sdpa(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor,
              mask: torch.Tensor) -> torch.Tensor:
        """Attention of windows that share a mask (heads, T, T).

        Args:
            q: Queries, (N, rows, cols, heads, T, D).
            k: Keys, of the same shape.
            v: Values, of the same shape.
            mask: Added to the logits.

        Returns:
            Shape (N, rows, cols, T, C).
        """
        windows = v.shape[:3]
        out = F.scaled_dot_product_attention(
            # Contiguous: with a mask, CUDA kernels of torch 2.1 compute
            # garbage from strided inputs.
            *(x.flatten(0, 2).contiguous() for x in (q, k, v)),
            attn_mask=mask[None].to(v.dtype),
            dropout_p=self.w_msa.attn_drop.p if self.training else 0.,
            scale=1.)
        return out.transpose(1, 2).flatten(2).unflatten(0, windows)

    def _scale(self) -> torch.Tensor:
        """Factor of the cosines, (heads, 1)."""
        return self.w_msa.logit_scale[:, 0].clamp(max=MAX_LOG_SCALE).exp()

    def _relative_position_bias(self) -> torch.Tensor:
        """Bias of each pair of tokens, (heads, T, T), float32.

        In evaluation without gradients it is computed once, until the weights
        behind it are written (an optimizer step, a loaded checkpoint), moved
        or converted, or ``train()`` or ``eval()`` is called. The last covers
        weights that are replaced through ``param.data``, which autograd does
        not notice, as EMAHook does before a validation. A compiled graph
        computes it each time: a cache would be one more graph to compile.
        """
        if self.training or torch.is_grad_enabled() or is_compiling():
            return self._compute_bias()
        versions = [(p.data_ptr(), p._version)
                    for p in self.w_msa.cpb_mlp.parameters()]
        if self._cached_bias is None or self._cached_versions != versions:
            self._cached_bias = self._compute_bias()
            self._cached_versions = versions
        return self._cached_bias

    def _compute_bias(self) -> torch.Tensor:
        msa = self.w_msa
        # In full precision under autocast: the bias reaches 16.
        with torch.autocast(msa.logit_scale.device.type, enabled=False):
            # (1, 2 * window - 1, 2 * window - 1, heads)
            table = 16 * msa.cpb_mlp(msa.relative_coords_table).sigmoid()
        return expand_relative_position_bias(table[0].permute(2, 0, 1),
                                             self.window_size)

    def train(self, mode: bool = True) -> ShiftWindowAttention:
        """Switch between training and evaluation; empties the cache."""
        self._cached_bias = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> ShiftWindowAttention:
        self._cached_bias = None
        return super()._apply(*args, **kwargs)

    def __getstate__(self) -> dict:
        """Copies and files do not get the cache."""
        return dict(self.__dict__, _cached_bias=None)

    def _keep_buffers(self, state_dict: dict, prefix: str, *args) -> None:
        """Keep the tables computed from the window size when loading.

        A checkpoint may hold those of another window, or none.
        """
        for name, buffer in self.w_msa.named_buffers():
            state_dict[f'{prefix}w_msa.{name}'] = buffer


def window_partition(x: torch.Tensor, window: int) -> torch.Tensor:
    """(N, H, W, C) to (N, H / window, W / window, window * window, C)."""
    n, h, w, c = x.shape
    x = x.view(n, h // window, window, w // window, window, c)
    return x.transpose(2, 3).flatten(3, 4)


def window_reverse(windows: torch.Tensor) -> torch.Tensor:
    """The inverse of :func:`window_partition`."""
    n, rows, cols, tokens, c = windows.shape
    window = math.isqrt(tokens)
    x = windows.view(n, rows, cols, window, window, c).transpose(2, 3)
    return x.reshape(n, rows * window, cols * window, c)


def expand_relative_position_bias(table: torch.Tensor,
                                  window: int) -> torch.Tensor:
    """The bias of each pair of tokens from that of each relative position.

    Args:
        table: Bias for the query's place minus the key's, from
            ``1 - window`` to ``window - 1`` in both directions, (heads, 2 *
            window - 1, 2 * window - 1).
        window: Side of the window.

    Returns:
        (heads, T, T) for T = window * window.
    """
    # Mirrored, the biases of a query are a patch of the table, row by row.
    # (heads, window, window, window, window) of [query, key], where the
    # queries come from the last to the first. Many times faster than an
    # indexed read of T * T entries, and than its gradient.
    patches = table.flip(1, 2).unfold(1, window, 1).unfold(2, window, 1)
    return patches.contiguous().flip(1, 2).reshape(
        len(table), window**2, window**2)


def shift_masks(window: int, shift: int) -> torch.Tensor:
    """What separates the pixels that a cyclic shift brings together.

    Args:
        window: Side of a window.
        shift: Cyclic shift in pixels.

    Returns:
        0 or -100, (2, 2, tokens, tokens): for windows of the inner rows and
        of the last one, of the inner columns and of the last one.
    """
    masks = ShiftWindowMSA.get_attn_mask((2 * window, 2 * window), window,
                                         shift)
    return masks.unflatten(0, (2, 2))


def _inner_and_last(number: int) -> Iterator[tuple[int, slice]]:
    """Rows of windows that share a mask: those without a seam, the last."""
    if number > 1:
        yield 0, slice(0, number - 1)
    yield 1, slice(number - 1, number)


def _unit(x: torch.Tensor) -> torch.Tensor:
    """Vectors of unit length along the last dimension, in float32.

    The gradient of a vector of zeros is zero. That of ``F.normalize`` is
    ``1 / eps``, which is infinite in half precision; the keys of padded
    tokens are such vectors.
    """
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x * (norm.clamp_min(EPS).reciprocal() * (norm > 0))
