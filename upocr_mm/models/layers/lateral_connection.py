from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule


class LateralConnection(BaseModule):
    """Shortcut from an encoder to a decoder feature of the same size.

    Convolutions 1x1, 3x3 (expanding to twice the channels), 3x3 and 1x1
    (shrinking back), with nothing between them (UPOCR, appendix A.1, "Lateral
    Connection"; EraseNet).

    Args:
        channels: Channels of both features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C, H, W) to the same shape."""
        return self.convs(x)
