from __future__ import annotations
import math
from typing import NamedTuple, Sequence

import torch
from mmpretrain.models.utils import ShiftWindowMSA

from .cosine_attention import cosine_attention
from .kept import KeepsDerived
from .linear import Product, linear, prepare, reduced_precision
from .window_order import Span, WindowOrder, shift_masks, window_order

# Swin-v2 limits the temperature of its cosine attention to 1 / 0.01.
MAX_LOG_SCALE = math.log(1. / 0.01)


class Derived(NamedTuple):
    """What the attention computes from its weights alone.

    Attributes:
        qkv: Layer that gives queries, keys and values.
        proj: Layer behind the attention.
        scale: Of the cosines, (heads, 1, 1).
        bias: Of each pair of tokens of a window, (heads, T, T).
    """
    qkv: Product
    proj: Product
    scale: torch.Tensor
    bias: torch.Tensor


class ShiftWindowAttention(KeepsDerived):
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
        self._register_load_state_dict_pre_hook(self._keep_buffers)

    def _keep_buffers(self, state_dict: dict, prefix: str, *args) -> None:
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
        qkv = linear(windows, *derived.qkv)
        out = cosine_attention(
            qkv.view(b, t, 3, msa.num_heads, c // msa.num_heads),
            derived.scale,
            derived.bias,
            shift_masks(self.window_size, self.shift_size, windows.device),
            spans,
            dropout=msa.attn_drop.p if self.training else 0.)
        return msa.proj_drop(linear(out, *derived.proj))

    @torch.compiler.disable
    def derived(self) -> Derived:
        """What is computed from the weights alone.

        In evaluation without gradients it is kept, apart from the step from
        each relative position to each pair of tokens: that is as fast as
        reading the pairs, which take a hundred times the room.
        """
        msa = self.w_msa
        biases = [] if msa.q_bias is None else [msa.q_bias, msa.v_bias]
        products = self.keep('products', self._products,
                             [msa.qkv.weight, *biases, *msa.proj.parameters()],
                             reduced_precision(msa.qkv.weight))
        scale, table = self.keep('scale and table', self._scale_and_table,
                                 [*msa.cpb_mlp.parameters(), msa.logit_scale],
                                 reduced_precision(msa.logit_scale))
        return Derived(*products, scale, spread(table, self.window_size))

    def _products(self) -> tuple[Product, Product]:
        msa = self.w_msa
        bias = None
        if msa.q_bias is not None:
            bias = torch.cat(
                (msa.q_bias, torch.zeros_like(msa.v_bias), msa.v_bias))
        qkv = Product(msa.qkv.weight, bias)
        proj = Product(msa.proj.weight, msa.proj.bias)
        return (qkv, proj) if self.training else (prepare(qkv), prepare(proj))

    def _scale_and_table(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Scale of the cosines, and the bias of each relative position."""
        msa = self.w_msa
        # In full precision under autocast: the bias reaches 16.
        with torch.autocast(msa.logit_scale.device.type, enabled=False):
            scale = msa.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
            # (1, 2 * window - 1, 2 * window - 1, heads)
            table = msa.cpb_mlp(msa.relative_coords_table)
            table = 16 * torch.sigmoid(table[0])
        table = table.permute(2, 0, 1).contiguous()
        return scale, table.to(reduced_precision(table) or table.dtype)


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
