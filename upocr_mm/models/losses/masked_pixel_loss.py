from __future__ import annotations

import torch
import torch.nn as nn
from mmseg.registry import MODELS

from ..fields import require_weights


@MODELS.register_module()
class MaskedPixelLoss(nn.Module):
    """L1 distance on the masked pixels (SegMIM, SimMIM).

    ``sum(|x - x'| m) / (sum(m) + 1e-5) / channels``, over the whole batch.

    Args:
        loss_weight: Factor.

    Raises:
        ValueError: It is negative or not finite.
    """

    def __init__(self, loss_weight: float = 1.) -> None:
        super().__init__()
        require_weights('loss_weight', [loss_weight])
        self.loss_weight = loss_weight

    def forward(self, pred: torch.Tensor, target: torch.Tensor,
                mask: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            pred: Shape (N, C, H, W).
            target: The same.
            mask: Shape (N, 1, H, W), 1 where the input was masked.

        Returns:
            A scalar.
        """
        diff = (pred.float() - target).abs() * mask
        count = mask.sum() + 1e-5
        return self.loss_weight * diff.sum() / count / pred.shape[1]
