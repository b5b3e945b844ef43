from __future__ import annotations

import torch
import torch.nn as nn
from mmseg.registry import MODELS

from ..fields import require_weights


@MODELS.register_module()
class HingeAdversarialLoss(nn.Module):
    """Hinge loss of a discriminator, and what its generator minimizes.

    Args:
        loss_weight: Factor of the loss of the generator (ViTEraser: 0.1).

    Raises:
        ValueError: ``loss_weight`` is negative or not finite.
    """

    def __init__(self, loss_weight: float = 0.1) -> None:
        super().__init__()
        require_weights('loss_weight', [loss_weight])
        self.loss_weight = loss_weight

    def forward(self, fake: torch.Tensor) -> torch.Tensor:
        """Loss of the generator.

        Args:
            fake: What the discriminator says of generated pictures.

        Returns:
            ``-loss_weight * mean(fake)``.
        """
        return -self.loss_weight * fake.float().mean()

    @staticmethod
    def discriminate(real: torch.Tensor,
                     fake: torch.Tensor) -> dict[str, torch.Tensor]:
        """Losses of the discriminator.

        Args:
            real: What it says of real pictures, which shall be above 1.
            fake: What it says of generated ones, which shall be below -1.

        Returns:
            ``loss_real`` and ``loss_fake``.
        """
        return dict(
            loss_real=(1 - real.float()).relu().mean(),
            loss_fake=(1 + fake.float()).relu().mean())
