from __future__ import annotations

import torch.nn as nn
from mmengine.model import trunc_normal_init
from mmseg.registry import WEIGHT_INITIALIZERS

from .layers import SwinBlock


@WEIGHT_INITIALIZERS.register_module()
class ResidualPostNormInit:
    """Initialization of the authors' runs, for an encoder or a decoder.

    Linear layers: truncated normal (standard deviation 0.02), bias 0. Layer
    norms: weight 1, bias 0, but weight 0 in the norms that end the residual
    branches of Swin-v2 blocks, so that every block starts as the identity.
    Convolutions keep PyTorch's default. The paper does not mention it.

    For the recipes of the paper. Short trainings from scratch learn much
    faster from PyTorch's defaults.

    Example:
        >>> decode_head = dict(
        ...     type='PatchSplitHead',
        ...     init_cfg=dict(type='ResidualPostNormInit'))
    """

    def __call__(self, module: nn.Module) -> None:
        """Initialize a module in place.

        Args:
            module: A module that holds :class:`SwinBlock`.
        """
        for child in module.modules():
            if isinstance(child, nn.Linear):
                trunc_normal_init(child, std=0.02, bias=0.)
            elif isinstance(child, nn.LayerNorm):
                nn.init.ones_(child.weight)
                nn.init.zeros_(child.bias)
        for child in module.modules():
            if isinstance(child, SwinBlock):
                nn.init.zeros_(child.norm1.weight)
                nn.init.zeros_(child.norm2.weight)
