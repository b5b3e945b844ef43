from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule


class LateralConnection(BaseModule):
    """Shortcut from an encoder to a decoder feature of the same size.

    Convolutions 1x1, 3x3 (expanding to twice the channels), 3x3 and 1x1
    (shrinking back), with no activation between them (UPOCR, appendix A.1,
    "Lateral Connection"; EraseNet).

    Args:
        channels: Channels of the decoder feature.
        in_channels: Channels of the encoder feature; by default the same, as
            in the paper.
    """

    def __init__(self, channels: int, in_channels: int | None = None) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(in_channels or channels, channels, 1),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C_in, H, W) to (N, C, H, W)."""
        return self.convs(x)
