from __future__ import annotations
import re

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmseg.registry import MODELS

from .prompted_swin_transformer_v2 import PromptedSwinTransformerV2


@MODELS.register_module()
class MaskedSwinTransformerV2(PromptedSwinTransformerV2):
    """Encoder of SegMIM: a learned token takes the place of masked patches.

    ViTEraser (Peng et al., AAAI 2024), section "SegMIM". The token replaces
    the output of the patch embedding; all else is the encoder of UPOCR, with
    its parameters under its names.

    Args:
        **kwargs: Arguments of :class:`PromptedSwinTransformerV2`.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.mask_token = nn.Parameter(torch.empty(1, self.embed_dims, 1, 1))
        self._reset_mask_token()

    def _reset_mask_token(self) -> None:
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def init_weights(self) -> None:
        """Sample the token anew (part of mmengine's initialization)."""
        super().init_weights()
        if (self.init_cfg or {}).get('type') != 'Pretrained':
            self._reset_mask_token()

    def forward(self,
                x: torch.Tensor,
                masked_cells: torch.Tensor | None = None
                ) -> tuple[torch.Tensor, ...]:
        """Extract features.

        Args:
            x: Shape (N, 3, H, W).
            masked_cells: Shape (N, 1, H / c, W / c), 1 where a cell of c x c
                pixels (a multiple of the patches of 4 x 4) is masked and 0
                elsewhere, or None.

        Returns:
            Features (N, C_i, H_i, W_i) of strides 4, 8, 16 and 32.
        """
        if masked_cells is None:
            return super().forward(x)

        def replace(module: nn.Module, inputs: tuple, output: tuple) -> tuple:
            tokens, hw_shape = output  # (N, H/4 * W/4, C)
            mask = F.interpolate(
                masked_cells.float(), size=tuple(hw_shape), mode='nearest')
            mask = mask.flatten(2).transpose(1, 2)  # (N, H/4 * W/4, 1)
            token = self.mask_token.flatten().to(tokens.dtype)
            return torch.where(mask > 0, token, tokens), hw_shape

        handle = self.patch_embed.register_forward_hook(replace)
        try:
            return super().forward(x)
        finally:
            handle.remove()

    def get_layer_depth(self,
                        param_name: str,
                        prefix: str = '') -> tuple[int, int]:
        """Layer of a parameter, for the decay of the learning rate.

        As mmpretrain's ``LearningRateDecayOptimWrapperConstructor`` asks for
        it. The patch embedding is layer 0, block j (counted through all
        stages) layer j + 1, patch merging belongs to the block before it, the
        norms of the outputs to the last layer.

        Args:
            param_name: Name of the parameter.
            prefix: What stands before the names of this module in it.

        Returns:
            The layer and the number of layers.
        """
        name = param_name[len(prefix):]
        # a block may be of any depth, the norms come after all of them
        depths = [len(stage.blocks) for stage in self.stages]
        num_layers = sum(depths) + 2
        if name.startswith(('patch_embed.', 'mask_token')):
            return 0, num_layers
        match = re.match(r'stages\.(\d+)\.(blocks\.(\d+)\.)?', name)
        if match is None:
            return num_layers - 1, num_layers
        before = sum(depths[:int(match[1])])
        # Patch merging begins the next stage here.
        block = before + int(match[3]) + 1 if match[2] else before
        return block, num_layers
