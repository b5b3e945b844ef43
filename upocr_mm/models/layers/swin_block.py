from __future__ import annotations

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from torch.utils.checkpoint import checkpoint

from .shift_window_attention import ShiftWindowAttention

ATTENTIONS = ('sdpa', 'eager')


class SwinBlock(BaseModule):
    """Swin-v2 block with post-norm (Swin Transformer V2, section 3.2).

    Takes over the parts of mmpretrain's block, with their parameters under
    their names, and differs in three respects:

    - stochastic depth comes after the norms, as in Swin-v2. mmpretrain's
      block has it before them: a dropped branch then still adds the bias of
      the norm, and the norm undoes the rescaling of the others;
    - the attention is :class:`ShiftWindowAttention`, unless ``attention`` is
      ``'eager'``;
    - ``with_cp`` uses the variant of activation checkpointing that PyTorch
      recommends (not reentrant).

    Args:
        reference: The block to take over.
        attention: ``'sdpa'``, or ``'eager'`` for mmpretrain's own.
    """

    def __init__(self,
                 reference: SwinBlockV2,
                 attention: str = 'sdpa') -> None:
        super().__init__(reference.init_cfg)
        self.with_cp = reference.with_cp
        self.attn = reference.attn
        self.norm1 = reference.norm1
        self.ffn = reference.ffn
        self.norm2 = reference.norm2
        self.norm3 = reference.norm3 if reference.extra_norm else None
        self.drop_path = self.attn.drop
        self.attn.drop = self.ffn.dropout_layer = nn.Identity()
        if attention == 'sdpa':
            self.attn = ShiftWindowAttention(self.attn)

    def forward(self, x: torch.Tensor, hw_shape: tuple[int,
                                                       int]) -> torch.Tensor:
        """Tokens (N, H * W, C) of a map of ``hw_shape`` to the same shape."""
        if self.with_cp and x.requires_grad:
            return checkpoint(self._forward, x, hw_shape, use_reentrant=False)
        return self._forward(x, hw_shape)

    def _forward(self, x: torch.Tensor, hw_shape: tuple[int,
                                                        int]) -> torch.Tensor:
        x = x + self.drop_path(self.norm1(self.attn(x, hw_shape)))
        x = x + self.drop_path(self.norm2(self.ffn(x)))
        return x if self.norm3 is None else self.norm3(x)


def adapt_swin_blocks(module: nn.Module, attention: str) -> None:
    """Replace every Swin-v2 block inside ``module`` by :class:`SwinBlock`.

    Parameters and their names stay as they are.

    Args:
        module: A network that contains mmpretrain's ``SwinBlockV2``.
        attention: See :class:`SwinBlock`.

    Raises:
        ValueError: ``attention`` is unknown.
    """
    if attention not in ATTENTIONS:
        raise ValueError(f'attention must be one of {list(ATTENTIONS)}, but '
                         f'got {attention!r}')
    for name, child in module.named_children():
        if isinstance(child, SwinBlockV2):
            setattr(module, name, SwinBlock(child, attention))
        else:
            adapt_swin_blocks(child, attention)
