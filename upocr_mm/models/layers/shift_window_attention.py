from __future__ import annotations
import math
from typing import Any, NamedTuple, Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmpretrain.models.utils import ShiftWindowMSA

from .cosine_attention import cosine_attention
from .linear import linear
from .window_order import Span, WindowOrder, shift_masks, window_order

# Swin-v2 limits the temperature of its cosine attention to 1 / 0.01.
MAX_LOG_SCALE = math.log(1. / 0.01)


class Derived(NamedTuple):
    """What the attention computes from its weights alone.

    Attributes:
        qkv_bias: (3C, ), or None.
        scale: Of the cosines, (heads, 1, 1).
        bias: Of each pair of tokens of a window, (heads, T, T).
    """
    qkv_bias: torch.Tensor | None
    scale: torch.Tensor
    bias: torch.Tensor


class ShiftWindowAttention(BaseModule):
    """Shifted-window cosine attention of Swin-v2 on fused kernels.

    Computes what :class:`mmpretrain.models.utils.ShiftWindowMSA` with
    ``WindowMSAV2`` computes, from the same parameters under the same names.
    Padding, shift and partition are one permutation (:class:`WindowOrder`),
    the position bias is kept in evaluation (:meth:`derived`), and the
    attention itself is :func:`cosine_attention`.

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
        self._cache: tuple[Any, Derived] | None = None
        self._register_load_state_dict_pre_hook(self._keep_derived)

    def _keep_derived(self, state_dict: dict, prefix: str, *args) -> None:
        """Keep the tables computed from the window size when loading.

        A checkpoint may hold those of another window, or none.
        """
        for name, buffer in self.w_msa.named_buffers():
            state_dict[f'{prefix}w_msa.{name}'] = buffer

    def forward(self, query: torch.Tensor,
                hw_shape: tuple[int, int]) -> torch.Tensor:
        """Attend within windows.

        Args:
            query: Tokens of shape (N, H * W, C).
            hw_shape: Height and width of the feature map.

        Returns:
            Tokens of shape (N, H * W, C).
        """
        order = self.order(len(query), hw_shape, query.device)
        windows = self.attend(order.split(query), order.spans, self.derived())
        return self.drop(order.merge(windows))

    @torch.compiler.disable
    def order(self, n: int, hw_shape: tuple[int, int],
              device: torch.device) -> WindowOrder:
        """The order of the tokens of N feature maps in windows."""
        return window_order(n, tuple(hw_shape), self.window_size,
                            self.shift_size, device)

    def attend(self, windows: torch.Tensor, spans: Sequence[Span],
               derived: Derived) -> torch.Tensor:
        """Attend within windows that were cut out already.

        Args:
            windows: Tokens of B windows, (B, T, C).
            spans: Which of them has which shift mask.
            derived: What :meth:`derived` gives.

        Returns:
            Shape (B, T, C).
        """
        msa = self.w_msa
        b, t, c = windows.shape
        qkv = linear(windows, msa.qkv.weight, derived.qkv_bias)
        out = cosine_attention(
            qkv.view(b, t, 3, msa.num_heads, c // msa.num_heads),
            derived.scale,
            derived.bias,
            shift_masks(self.window_size, self.shift_size, windows.device),
            spans,
            dropout=msa.attn_drop.p if self.training else 0.)
        return msa.proj_drop(linear(out, msa.proj.weight, msa.proj.bias))

    @torch.compiler.disable
    def derived(self) -> Derived:
        """What is computed from the weights alone.

        In evaluation without gradients it is computed once and kept, apart
        from the step from each relative position to each pair of tokens: that
        is as fast as reading the pairs, which take a hundred times the room.
        It is computed anew when the parameters behind it were written (an
        optimizer step, a loaded checkpoint), moved or converted, and after
        every call of ``train()`` or ``eval()``. The last covers weights
        exchanged behind autograd's back (``param.data``), as the averaging of
        weights does before a validation.
        """
        if self.training or torch.is_grad_enabled():
            qkv_bias, scale, table = self._derive()
        else:
            key = tuple((p.data_ptr(), p._version, p.dtype, p.device)
                        for p in self._sources())
            if self._cache is None or self._cache[0] != key:
                self._cache = (key, self._derive())
            qkv_bias, scale, table = self._cache[1]
        return Derived(qkv_bias, scale, spread(table, self.window_size))

    def _sources(self) -> list[nn.Parameter]:
        msa = self.w_msa
        biases = [] if msa.q_bias is None else [msa.q_bias, msa.v_bias]
        return [*msa.cpb_mlp.parameters(), msa.logit_scale, *biases]

    def _derive(self) -> tuple[torch.Tensor | None, ...]:
        """Bias of queries, keys and values; scale; table of the biases."""
        msa = self.w_msa
        qkv_bias = None
        if msa.q_bias is not None:
            qkv_bias = torch.cat(
                (msa.q_bias, torch.zeros_like(msa.v_bias), msa.v_bias))
        # In full precision under autocast: the bias reaches 16.
        with torch.autocast(msa.logit_scale.device.type, enabled=False):
            scale = msa.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
            # (1, 2 * window - 1, 2 * window - 1, heads)
            table = msa.cpb_mlp(msa.relative_coords_table)
            table = 16 * torch.sigmoid(table[0])
        return qkv_bias, scale, table.permute(2, 0, 1).contiguous()

    def train(self, mode: bool = True) -> ShiftWindowAttention:
        """Switch between training and evaluation; forgets what was kept."""
        self._cache = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._cache = None
        return super()._apply(*args, **kwargs)


def spread(table: torch.Tensor, window: int) -> torch.Tensor:
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
    # queries come from the last to the first
    patches = table.flip(1, 2).unfold(1, window, 1).unfold(2, window, 1)
    return patches.contiguous().flip(1, 2).reshape(
        len(table), window**2, window**2)
