from __future__ import annotations
from typing import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmseg.registry import MODELS

from ..fields import require_weights
from ..task_codecs import ImageTarget


@MODELS.register_module()
class MultiScalePixelLoss(nn.Module):
    """Distance between predicted and target images at several scales.

    UPOCR, eq. 1 and eq. 4 (appendix A.2). Targets, regions and valid areas
    are brought to the scale of each prediction by nearest neighbor.

    Without ``outside_weights`` the loss is ``sum_i weights[i] * mean(d)``,
    where the mean runs over the elements that are not ignored. With them it
    is ``sum_i weights[i] * mean(M * d) + outside_weights[i] * mean((1 - M) *
    d)`` for the region M of the target; both means run over the whole
    picture.

    Args:
        distance: ``'l1'`` or ``'smooth_l1'``.
        weights: Weight of each scale, from small to large; alpha in eq. 1.
        outside_weights: Weight of each scale outside of the target's region;
            beta in eq. 4 (the paper uses 0.8, 1, 2 for text removal).
        beta: Where smooth L1 turns from quadratic to linear.

    Raises:
        ValueError: An argument is not of this form.
    """

    def __init__(self,
                 distance: str = 'l1',
                 weights: Sequence[float] = (5., 6., 10.),
                 outside_weights: Sequence[float] | None = None,
                 beta: float = 1.) -> None:
        super().__init__()
        if distance not in ('l1', 'smooth_l1'):
            raise ValueError("distance must be 'l1' or 'smooth_l1', but got "
                             f'{distance!r}')
        if outside_weights is not None and len(outside_weights) != len(
                weights):
            raise ValueError(
                'outside_weights must have as many values as weights '
                f'({len(weights)}), but got {outside_weights}')
        require_weights('weights', weights)
        require_weights('outside_weights', outside_weights or ())
        require_weights('beta', [beta])
        self.distance = distance
        self.weights = tuple(weights)
        self.outside_weights = outside_weights and tuple(outside_weights)
        self.beta = beta

    def forward(self, preds: Sequence[torch.Tensor], target: ImageTarget,
                inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compute the loss.

        Args:
            preds: Images of shape (N, 3, h, w), from small to large, not
                clamped.
            target: Target images, at full size.
            inputs: The input images; not used here.

        Returns:
            ``loss_pixel``, a scalar.

        Raises:
            ValueError: The number of scales or the target does not fit.
        """
        if len(preds) != len(self.weights):
            raise ValueError(f'{len(self.weights)} weights were given for '
                             f'{len(preds)} scales')
        if self.outside_weights and target.region is None:
            raise ValueError(
                'outside_weights need the text region of every sample '
                '(gt_text_mask), which this data set does not give; use '
                'outside_weights=None')
        loss = sum(
            self._one_scale(pred.float(), target, i)
            for i, pred in enumerate(preds))
        return dict(loss_pixel=loss)

    def _one_scale(self, pred: torch.Tensor, target: ImageTarget,
                   i: int) -> torch.Tensor:
        # (N, 3, H, W), (N, 1, H, W) and (N, 1, H, W) at the size of pred
        image, region, valid = (None if t is None else F.interpolate(
            t.float(), size=pred.shape[-2:], mode='nearest') for t in target)
        if self.distance == 'l1':
            diff = (pred - image).abs()
        else:
            diff = F.smooth_l1_loss(
                pred, image, beta=self.beta, reduction='none')
        count = diff.numel()
        if valid is not None:
            diff = diff * valid
            # Nothing valid: the sum is 0, and so is the loss.
            count = (valid.sum() * diff.shape[1]).clamp(min=1)
        if self.outside_weights is None:
            return self.weights[i] * diff.sum() / count
        inside = (region * diff).sum() / count
        outside = ((1 - region) * diff).sum() / count
        return self.weights[i] * inside + self.outside_weights[i] * outside
