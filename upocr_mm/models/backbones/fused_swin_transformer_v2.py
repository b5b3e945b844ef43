from __future__ import annotations
from typing import Sequence

import torch
from mmpretrain.models.backbones import SwinTransformerV2
from mmpretrain.models.utils import resize_pos_embed
from mmseg.registry import MODELS

from ..layers import fuse_swin_blocks


@MODELS.register_module()
class FusedSwinTransformerV2(SwinTransformerV2):
    """mmpretrain's Swin-v2 with fused attention, as the encoder of UPOCR.

    Same parameters under the same names, so that weights of mmpretrain's zoo
    load as they are; outputs equal to 1e-5. The defaults are UPOCR's encoder
    (appendix A.1, Table 7): all four features, each with its own layer norm,
    windows padded at the border so that any size works.

    Args:
        arch: ``'nano'`` (for CPUs, not of the paper), ``'tiny'``,
            ``'small'``, ``'base'`` or a dict of ``embed_dims``, ``depths``,
            ``num_heads`` and ``extra_norm_every_n_blocks``.
        window_size: Side of the attention windows, for all or each stage.
        pretrained_window_sizes: Window of the pre-training in each stage, by
            which the coordinates of the position bias are normalised.
        drop_path_rate: Largest rate of stochastic depth, reached in the last
            block.
        kwargs: Further arguments of
            :class:`mmpretrain.models.SwinTransformerV2`.
    """

    arch_zoo = dict(
        SwinTransformerV2.arch_zoo,
        nano=dict(
            embed_dims=48,
            depths=[1, 1, 2, 1],
            num_heads=[2, 4, 8, 16],
            extra_norm_every_n_blocks=0))

    def __init__(self,
                 arch: str | dict = 'small',
                 window_size: int | Sequence[int] = 16,
                 pretrained_window_sizes: Sequence[int] = (16, 16, 16, 16),
                 drop_path_rate: float = 0.3,
                 **kwargs) -> None:
        kwargs.setdefault('img_size', 512)
        super().__init__(
            arch=arch,
            window_size=window_size,
            pretrained_window_sizes=pretrained_window_sizes,
            drop_path_rate=drop_path_rate,
            pad_small_map=True,
            out_indices=(0, 1, 2, 3),
            **kwargs)
        self._fuse_blocks()

    def _fuse_blocks(self) -> None:
        fuse_swin_blocks(self)

    @property
    def stage_channels(self) -> list[int]:
        """Channels of the outputs of the stages."""
        return [stage.out_channels for stage in self.stages]

    def forward(self,
                x: torch.Tensor,
                prompts: Sequence[torch.Tensor] | None = None
                ) -> tuple[torch.Tensor, ...]:
        """Extract features.

        Args:
            x: Shape (N, 3, H, W).
            prompts: For each stage a vector (N, C_i) that is added to every
                pixel of its output (UPOCR, Table 1), or None.

        Returns:
            Features (N, C_i, H_i, W_i) of strides 4, 8, 16 and 32.
        """
        # mmpretrain's, with a place for the prompts
        x, hw_shape = self.patch_embed(x)
        if self.use_abs_pos_embed:
            x = x + resize_pos_embed(
                self.absolute_pos_embed, self.patch_resolution, hw_shape,
                self.interpolate_mode, self.num_extra_tokens)
        x = self.drop_after_pos(x)
        outs = []
        for i, stage in enumerate(self.stages):
            x, hw_shape = stage(x, hw_shape)  # (N, H_i * W_i, C_i)
            if prompts is not None:
                x = x + prompts[i][:, None]
            out = getattr(self, f'norm{i}')(x)
            # channels last in memory
            outs.append(out.unflatten(1, hw_shape).permute(0, 3, 1, 2))
        return tuple(outs)

    def _delete_reinit_params(self, *args) -> None:
        """Nothing to delete: the attention keeps its tables when loading."""
