from __future__ import annotations
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.runner import CheckpointLoader
from torchvision.models import inception_v3

from ...dependencies import require

WEIGHTS_URL = ('https://github.com/mseitzer/pytorch-fid/releases/download/'
               'fid_weights/pt_inception-2015-12-05-6726825d.pth')


def inception_weights() -> Path:
    """Where pytorch-fid (by ``torch.hub``) keeps the weights once fetched."""
    return Path(torch.hub.get_dir(), 'checkpoints', WEIGHTS_URL.split('/')[-1])


class InceptionFeatures(nn.Module):
    """Inception-v3 as pytorch-fid has it, up to its 2048 pooled features.

    The blocks are those of the package ``pytorch_fid`` (its own class can
    only download its weights). Frozen, in evaluation mode.

    Args:
        weights: File of pytorch-fid's weights.

    Raises:
        ImportError: ``pytorch_fid`` is not installed.
        FileNotFoundError: There is no such file.
        ValueError: The file holds something else.
    """

    def __init__(self, weights: str) -> None:
        super().__init__()
        blocks = require('pytorch_fid.inception', 'evaluation')
        network = inception_v3(
            weights=None,
            num_classes=1008,
            aux_logits=False,
            init_weights=False)
        network.Mixed_5b = blocks.FIDInceptionA(192, pool_features=32)
        network.Mixed_5c = blocks.FIDInceptionA(256, pool_features=64)
        network.Mixed_5d = blocks.FIDInceptionA(288, pool_features=64)
        network.Mixed_6b = blocks.FIDInceptionC(768, channels_7x7=128)
        network.Mixed_6c = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6d = blocks.FIDInceptionC(768, channels_7x7=160)
        network.Mixed_6e = blocks.FIDInceptionC(768, channels_7x7=192)
        network.Mixed_7b = blocks.FIDInceptionE_1(1280)
        network.Mixed_7c = blocks.FIDInceptionE_2(2048)
        try:
            network.load_state_dict(
                CheckpointLoader.load_checkpoint(
                    str(weights), map_location='cpu'))
        except RuntimeError as error:
            raise ValueError(f'{weights} does not hold the weights of '
                             f'pytorch-fid ({WEIGHTS_URL}): '
                             f'{str(error)[:300]}') from None
        network.fc = nn.Identity()
        self.network = network.requires_grad_(False).eval()

    @torch.no_grad()
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Features of images.

        Args:
            images: Shape (N, 3, H, W), RGB in [0, 1], any size: they are
                resized to 299x299, bilinear, as pytorch-fid does.

        Returns:
            Shape (N, 2048).
        """
        images = F.interpolate(
            images, size=(299, 299), mode='bilinear', align_corners=False)
        return self.network(2 * images - 1)

    def train(self, mode: bool = True) -> InceptionFeatures:
        """Stays in evaluation mode."""
        return super().train(False)
