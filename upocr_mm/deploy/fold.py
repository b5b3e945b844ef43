from __future__ import annotations

import torch
import torch.nn as nn

from ..models.layers import LateralConnection


@torch.no_grad()
def fold_lateral_connections(model: nn.Module) -> None:
    """Compute the last two convolutions of lateral connections as one.

    Nothing lies between a 3x3 convolution from 2C to 2C channels and the 1x1
    convolution to C channels behind it: a 3x3 convolution from 2C to C gives
    the same. That saves a third of the arithmetic of the connection. (The
    convolutions before it are not folded: with a bias, a padded border is
    different before and after them.)

    Args:
        model: The model, changed in place.
    """
    for module in model.modules():
        if isinstance(module, LateralConnection):
            *first, wide, shrink = module.convs
            matrix = shrink.weight[..., 0, 0]  # (C, 2C)
            conv = nn.Conv2d(
                wide.in_channels, shrink.out_channels, 3, padding=1)
            conv.weight.copy_(
                torch.einsum('om,mihw->oihw', matrix, wide.weight))
            conv.bias.copy_(shrink.bias + matrix @ wide.bias)
            module.convs = nn.Sequential(*first, conv)
