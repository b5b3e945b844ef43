from __future__ import annotations
import math
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from mmpretrain.models.utils import ShiftWindowMSA

from .post_norm_drop_path import drop_after_norm

# Swin-v2 limits the temperature of its cosine attention to 1 / 0.01.
MAX_LOG_SCALE = math.log(1. / 0.01)


class ShiftWindowAttention(BaseModule):
    """Shifted-window cosine attention of Swin-v2 on fused kernels.

    Computes what :class:`mmpretrain.models.utils.ShiftWindowMSA` with
    ``WindowMSAV2`` computes, from the same parameters under the same names,
    by ``scaled_dot_product_attention`` with the position bias and the shift
    mask as one additive mask. In evaluation without gradients that mask is
    kept and used again for as long as the weights behind it and the size of
    the feature map stay the same; see :meth:`additive_mask`.

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
        self._cache: tuple[Any, torch.Tensor] | None = None
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
        n, _, c = query.shape
        h, w = hw_shape
        win, shift, heads = (self.window_size, self.shift_size,
                             self.w_msa.num_heads)
        pad_b, pad_r = -h % win, -w % win
        rows, cols = (h + pad_b) // win, (w + pad_r) // win

        x = F.pad(query.view(n, h, w, c), (0, 0, 0, pad_r, 0, pad_b))
        if shift:
            x = torch.roll(x, shifts=(-shift, -shift), dims=(1, 2))
        # (N, rows, win, cols, win, C) -> (N * windows, win * win, C)
        x = x.view(n, rows, win, cols, win, c).transpose(2, 3)
        x = self._attend(x.reshape(-1, win * win, c), rows, cols, heads)
        # (N, rows, cols, win, win, C) -> (N, H, W, C)
        x = x.view(n, rows, cols, win, win, c).transpose(2, 3)
        x = x.reshape(n, rows * win, cols * win, c)
        if shift:
            x = torch.roll(x, shifts=(shift, shift), dims=(1, 2))
        x = x[:, :h, :w].reshape(n, h * w, c)
        return self.drop(x)

    def _attend(self, windows: torch.Tensor, rows: int, cols: int,
                heads: int) -> torch.Tensor:
        """Windows of shape (N * rows * cols, T, C) to the same shape."""
        msa = self.w_msa
        b, t, c = windows.shape
        qkv_bias = None
        if msa.q_bias is not None:
            qkv_bias = torch.cat(
                (msa.q_bias, torch.zeros_like(msa.v_bias), msa.v_bias))
        qkv = F.linear(windows, msa.qkv.weight, qkv_bias)
        # (3, N * windows, heads, T, C / heads); contiguous, because with a
        # mask CUDA kernels of torch 2.1 compute garbage from other strides
        qkv = qkv.view(b, t, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.contiguous()
        scale = msa.logit_scale.clamp(max=MAX_LOG_SCALE).exp()
        # Normalised in float32 under autocast, then as v is for the kernel.
        q = (F.normalize(q, dim=-1) * scale).to(v.dtype)
        k = F.normalize(k, dim=-1).to(v.dtype)
        mask = self.additive_mask(rows, cols).to(v.dtype)
        if self.shift_size:
            # Each window has a mask of its own, the images share them.
            shape = (-1, rows * cols * heads, t, c // heads)
            q, k, v = q.reshape(shape), k.reshape(shape), v.reshape(shape)
        x = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=mask,
            dropout_p=msa.attn_drop.p if self.training else 0.,
            scale=1.0)
        x = x.reshape(b, heads, t, c // heads).transpose(1, 2)
        return msa.proj_drop(msa.proj(x.reshape(b, t, c)))

    def additive_mask(self, rows: int, cols: int) -> torch.Tensor:
        """Position bias plus shift mask for a grid of windows.

        In evaluation without gradients the mask is computed once and kept.
        It is computed anew when the parameters behind it were written (an
        optimizer step, a loaded checkpoint), moved or converted, when the
        grid changes, and after every call of ``train()`` or ``eval()``. The
        last covers weights exchanged behind autograd's back (``param.data``),
        as the averaging of weights does before a validation.

        Args:
            rows: Windows from top to bottom.
            cols: Windows from left to right.

        Returns:
            Shape (1, heads, T, T) without shift, (1, rows * cols * heads, T,
            T) with it, where T is the tokens of a window.
        """
        if self.training or torch.is_grad_enabled():
            return self._compute_mask(rows, cols)
        key = (rows, cols, self._position_bias_version())
        if self._cache is None or self._cache[0] != key:
            self._cache = (key, self._compute_mask(rows, cols))
        return self._cache[1]

    def _position_bias_version(self) -> tuple:
        """Changes when the weights behind the position bias do."""
        return tuple((p.data_ptr(), p._version, p.dtype, p.device)
                     for p in self.w_msa.cpb_mlp.parameters())

    def _compute_mask(self, rows: int, cols: int) -> torch.Tensor:
        msa = self.w_msa
        # The bias of each relative position, (positions, heads).
        # In full precision under autocast: the bias reaches 16.
        with torch.autocast(msa.logit_scale.device.type, enabled=False):
            table = msa.cpb_mlp(msa.relative_coords_table)
            table = 16 * torch.sigmoid(table.view(-1, msa.num_heads))
        # (heads, T, T)
        bias = table.t()[:, msa.relative_position_index]
        if not self.shift_size:
            return bias[None]
        shift_mask = ShiftWindowMSA.get_attn_mask(
            (rows * self.window_size, cols * self.window_size),
            window_size=self.window_size,
            shift_size=self.shift_size,
            device=bias.device).to(bias.dtype)
        # (windows, heads, T, T) -> (1, windows * heads, T, T)
        return (bias[None] + shift_mask[:, None]).flatten(0, 1)[None]

    def train(self, mode: bool = True) -> ShiftWindowAttention:
        """Switch between training and evaluation; forgets the kept mask."""
        self._cache = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._cache = None
        return super()._apply(*args, **kwargs)


def fuse_swin_blocks(module: nn.Module) -> None:
    """Give every Swin-v2 block inside ``module`` the fused attention.

    Stochastic depth moves behind the norms, where Swin-v2 has it. Parameters
    and their names stay as they are.

    Args:
        module: A network that contains mmpretrain's ``SwinBlockV2``.
    """
    for block in module.modules():
        if isinstance(block, SwinBlockV2):
            block.attn = ShiftWindowAttention(block.attn)
            drop_after_norm(block)
