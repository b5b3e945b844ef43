from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmseg.registry import MODELS


@MODELS.register_module()
class TextMaskHead(BaseModule):
    """Text masks from the last feature of an encoder (SegMIM).

    ViTEraser, section "SegMIM". A 1x1 convolution to one channel for each
    pixel of a ``stride`` x ``stride`` cell, and pixel shuffle.

    Args:
        in_channels: Channels of the feature.
        stride: Its stride.
        init_cfg: Initialization as in mmengine.
    """

    def __init__(self,
                 in_channels: int,
                 stride: int = 32,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.conv = nn.Conv2d(in_channels, stride**2, 1)
        self.shuffle = nn.PixelShuffle(stride)

    def forward(self, feat: torch.Tensor) -> torch.Tensor:
        """Feature (N, C, H / stride, W / stride) to logits (N, 1, H, W)."""
        return self.shuffle(self.conv(feat))
