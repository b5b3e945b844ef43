from __future__ import annotations
from typing import Sequence

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.registry import MODELS


@MODELS.register_module()
class TextRegionDiscriminator(BaseModule):
    """Tells pictures without text from erased ones (ViTEraser, EraseNet).

    Two equal branches of convolutions 4x4 of stride 2 with spectral norm and
    ReLU, one for the picture and one for its text region; a convolution 4x4
    takes both to one channel.

    Args:
        channels: Outputs of the convolutions of a branch.
        init_cfg: Initialization as in mmengine.

    Raises:
        ValueError: ``channels`` is empty.
    """

    def __init__(self,
                 channels: Sequence[int] = (64, 128, 256, 256, 256, 256),
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if not channels or min(channels) < 1:
            raise ValueError('discriminator.channels must hold at least one '
                             f'positive number, but got {channels}')
        self.min_size = 4 * 2**len(channels)
        self.global_branch = _branch(channels)
        self.local_branch = _branch(channels)
        self.fusion = nn.Conv2d(2 * channels[-1], 1, 4)

    def forward(self, images: torch.Tensor,
                region: torch.Tensor) -> torch.Tensor:
        """Judge pictures.

        Args:
            images: Shape (N, 3, H, W), RGB, about [0, 1]; H and W at least
                :attr:`min_size`.
            region: Text region of shape (N, 1, H, W), 1 inside, 0 outside.

        Returns:
            Shape (N, 1, h, w), from -1 (erased) to 1 (real).

        Raises:
            ValueError: The pictures are too small.
        """
        if min(images.shape[-2:]) < self.min_size:
            h, w = images.shape[-2:]
            raise ValueError(
                f'pictures of {w}x{h} are too small for the '
                f'{len(self.global_branch)} convolutions of the '
                f'discriminator, which needs {self.min_size}x{self.min_size}; '
                'train at a larger size or with fewer model.discriminator.'
                'channels')
        feats = torch.cat([
            self.global_branch(images),
            self.local_branch(images * region)
        ], dim=1)  # yapf: disable
        return 2 * self.fusion(feats).sigmoid() - 1


def _branch(channels: Sequence[int]) -> nn.Sequential:
    return nn.Sequential(*(ConvModule(
        before, after, 4, stride=2, padding=1, with_spectral_norm=True)
                           for before, after in zip((3, *channels), channels)))
