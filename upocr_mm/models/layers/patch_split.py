from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule


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
        x = x.view(n, h, w, 2, 2, c // 4)  # [..., column, row, channel]
        x = x.permute(0, 1, 4, 2, 3, 5).reshape(n, 4 * h * w, c // 4)
        return self.norm(self.expansion(x)), (2 * h, 2 * w)
