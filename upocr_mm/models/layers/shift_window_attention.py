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
        windows = self.attend(order.split(query), order.spans)
        return self.drop(order.merge(windows))

    @torch.compiler.disable
    def order(self, n: int, hw_shape: tuple[int, int],
              device: torch.device) -> WindowOrder:
        """The order of the tokens of N feature maps in windows."""
        return window_order(n, tuple(hw_shape), self.window_size,
                            self.shift_size, device)

    def attend(self, windows: torch.Tensor,
               spans: Sequence[Span]) -> torch.Tensor:
        """Attend within windows that were cut out already.

        Args:
            windows: Tokens of B windows, (B, T, C).
            spans: Which of them has which shift mask.

        Returns:
            Shape (B, T, C).
        """
        msa = self.w_msa
        b, t, c = windows.shape
        ready = self.derived()
        qkv = linear(windows, msa.qkv.weight, ready.qkv_bias)
        qkv = qkv.view(b, t, 3, msa.num_heads, c // msa.num_heads)
        out = cosine_attention(
            qkv,
            ready.scale,
            ready.bias,
            shift_masks(self.window_size, self.shift_size, windows.device),
            spans,
            dropout=msa.attn_drop.p if self.training else 0.)
        return msa.proj_drop(linear(out, msa.proj.weight, msa.proj.bias))

    @torch.compiler.disable
    def derived(self) -> Derived:
        """What is computed from the weights alone.

        In evaluation without gradients it is computed once and kept. It is
        computed anew when the parameters behind it were written (an optimizer
        step, a loaded checkpoint), moved or converted, and after every call
        of ``train()`` or ``eval()``. The last covers weights exchanged behind
        autograd's back (``param.data``), as the averaging of weights does
        before a validation.
        """
        if self.training or torch.is_grad_enabled():
            return self._derive()
        key = tuple((p.data_ptr(), p._version, p.dtype, p.device)
                    for p in self._sources())
        if self._cache is None or self._cache[0] != key:
            self._cache = (key, self._derive())
        return self._cache[1]

    def _sources(self) -> list[nn.Parameter]:
        msa = self.w_msa
        biases = [] if msa.q_bias is None else [msa.q_bias, msa.v_bias]
        return [*msa.cpb_mlp.parameters(), msa.logit_scale, *biases]

    def _derive(self) -> Derived:
        msa = self.w_msa
        qkv_bias = None
        if msa.q_bias is not None:
            qkv_bias = torch.cat(
                (msa.q_bias, torch.zeros_like(msa.v_bias), msa.v_bias))
        # In full precision under autocast: the bias reaches 16.
        with torch.autocast(msa.logit_scale.device.type, enabled=False):
            scale = msa.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
            # The bias of each relative position, (positions, heads).
            table = msa.cpb_mlp(msa.relative_coords_table)
            table = 16 * torch.sigmoid(table.view(-1, msa.num_heads))
        # (heads, T, T)
        bias = table.t()[:, msa.relative_position_index]
        return Derived(qkv_bias, scale, bias)

    def train(self, mode: bool = True) -> ShiftWindowAttention:
        """Switch between training and evaluation; forgets what was kept."""
        self._cache = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._cache = None
        return super()._apply(*args, **kwargs)
