from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch.nn.utils import spectral_norm


@MODELS.register_module()
class MaskBranch(BaseModule):
    """Text masks from the feature of half size of a decoder (ViTEraser).

    Transposed 3x3 convolution of stride 2 with spectral norm, ReLU, 3x3
    convolution to one channel. Of the training alone.

    Args:
        in_channels: Channels of the feature.
        channels: Channels between the two convolutions.
        init_cfg: Initialization as in mmengine.
    """

    def __init__(self,
                 in_channels: int,
                 channels: int = 64,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        # not mmcv's ConvModule, which has no output_padding
        self.deconv = spectral_norm(
            nn.ConvTranspose2d(
                in_channels,
                channels,
                3,
                stride=2,
                padding=1,
                output_padding=1))
        self.conv = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, feat: torch.Tensor) -> torch.Tensor:
        """Feature (N, C, H / 2, W / 2) to logits (N, 1, H, W)."""
        return self.conv(self.deconv(feat).relu())
