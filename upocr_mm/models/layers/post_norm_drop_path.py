from __future__ import annotations

import torch
import torch.nn as nn
from mmcv.cnn.bricks import DropPath
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2


class PostNormDropPath(nn.LayerNorm):
    """Layer norm at the end of a residual branch, then stochastic depth.

    Swin-v2 drops a branch after its post-norm. mmpretrain's block drops
    before it: a dropped branch then still adds the bias of the norm, and the
    norm undoes the rescaling of those that are kept. The parameters keep
    their names.

    Args:
        norm: The norm whose parameters are taken over.
        drop_path: The stochastic depth of its branch.
    """

    def __init__(self, norm: nn.LayerNorm, drop_path: DropPath) -> None:
        super().__init__(norm.normalized_shape, eps=norm.eps)
        self.weight, self.bias = norm.weight, norm.bias
        self.drop_path = drop_path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise the last dimension of (N, ..., C), drop whole samples."""
        return self.drop_path(super().forward(x))


def drop_after_norm(block: SwinBlockV2) -> None:
    """Move the stochastic depth of both branches behind their norms."""
    block.norm1 = PostNormDropPath(block.norm1, block.attn.drop)
    block.attn.drop = nn.Identity()
    block.norm2 = PostNormDropPath(block.norm2, block.ffn.dropout_layer)
    block.ffn.dropout_layer = nn.Identity()
