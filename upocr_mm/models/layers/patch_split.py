from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from .chunks import in_chunks, pays
from .linear import linear


class PatchSplit(BaseModule):
    """Patch splitting: upsampling by 2, the inverse of patch merging.

    The channels of each pixel become a 2x2 block, a linear layer doubles
    their number and a layer norm follows (UPOCR, appendix A.1, "Patch
    Splitting").

    Args:
        in_channels: Channels of the input, a multiple of 4.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.out_channels = in_channels // 2
        self.expansion = nn.Linear(
            in_channels // 4, self.out_channels, bias=False)
        self.norm = nn.LayerNorm(self.out_channels)

    def forward(
            self, x: torch.Tensor,
            hw_shape: tuple[int, int]) -> tuple[torch.Tensor, tuple[int, int]]:
        """Upsample tokens.

        Args:
            x: Tokens of shape (N, H * W, C).
            hw_shape: H and W.

        Returns:
            Tokens of shape (N, 2H * 2W, C / 2), and (2H, 2W).
        """
        h, w = hw_shape
        n, _, c = x.shape
        # The channel groups fill the block column by column: the order
        # (0, 0), (1, 0), (0, 1), (1, 1) of [row, column].
        rows = in_chunks(self._expand, x.reshape(n * h, w, 2, 2, c // 4))
        return rows.view(n, 4 * h * w, self.out_channels), (2 * h, 2 * w)

    def _expand(self, rows: torch.Tensor) -> torch.Tensor:
        """(rows, W, 2, 2, C / 4) to (rows, 2 * 2W, C / 2)"""
        x = rows.permute(0, 3, 1, 2, 4).flatten(1, 3)
        x = linear(x, self.expansion.weight, None)
        if pays(x) and self.out_channels < 32:
            # Half precision is slow in rows shorter than a vector register.
            x = x.to(self.expansion.weight.dtype)
        return self.norm(x)
