from __future__ import annotations
from typing import Sequence

import torch
from mmpretrain.models.backbones import SwinTransformerV2
from mmpretrain.models.utils import resize_pos_embed
from mmseg.registry import MODELS

from ..layers import adapt_swin_blocks
from ..sizes import ENCODERS, check_pretrained_window, swin_size


# The second name is that of earlier versions.
@MODELS.register_module(
    name=['PromptedSwinTransformerV2', 'FusedSwinTransformerV2'])
class PromptedSwinTransformerV2(SwinTransformerV2):
    """mmpretrain's Swin-v2 with a place for prompts, as the encoder of UPOCR.

    Same parameters under the same names, so that weights of mmpretrain's zoo
    load as they are. The defaults are UPOCR's encoder (appendix A.1, Table
    7): all four features, each with its own layer norm, windows padded at the
    border so that any size works.

    Args:
        arch: ``'nano'`` (for CPUs, not of the paper), ``'tiny'``,
            ``'small'``, ``'base'``, a larger one of mmpretrain, or a dict of
            ``embed_dims``, ``depths`` and ``num_heads``. It sets the following
            three, unless they are given; the last two kinds set them to those
            of ``'small'``.
        window_size: Side of the attention windows, for all or each stage.
        pretrained_window_sizes: Window of the pre-training in each stage, by
            which the coordinates of the position bias are normalized.
        drop_path_rate: Rate of stochastic depth in the last block.
        attention: ``'sdpa'`` (PyTorch's scaled-dot-product attention) or
            ``'eager'`` (mmpretrain's own).
        **kwargs: Further arguments of
            :class:`mmpretrain.models.SwinTransformerV2`.

    Raises:
        ValueError: ``arch`` or ``attention`` is not one of the above, or a
            number is not possible.
    """

    def __init__(self,
                 arch: str | dict = 'small',
                 window_size: int | Sequence[int] | None = None,
                 pretrained_window_sizes: Sequence[int] | None = None,
                 drop_path_rate: float | None = None,
                 attention: str = 'sdpa',
                 **kwargs) -> None:
        extra_norm = 0
        if isinstance(arch, str) and arch not in ENCODERS:
            # mmpretrain has larger ones
            arch = self.arch_zoo.get(arch, arch)
        if not isinstance(arch, str):
            arch = dict(arch)
            extra_norm = arch.pop('extra_norm_every_n_blocks', 0)
        size = swin_size(
            ENCODERS,
            arch,
            window_size=window_size,
            drop_path_rate=drop_path_rate)
        for window in pretrained_window_sizes or ():
            check_pretrained_window('pretrained_window_sizes', window)
        kwargs.setdefault('img_size', 512)
        super().__init__(
            arch=dict(
                embed_dims=size.embed_dims,
                depths=size.depths,
                num_heads=size.num_heads,
                extra_norm_every_n_blocks=extra_norm),
            window_size=size.window_size,
            pretrained_window_sizes=(pretrained_window_sizes
                                     or [size.pretrained_window_size] * 4),
            drop_path_rate=size.drop_path_rate,
            pad_small_map=True,
            out_indices=(0, 1, 2, 3),
            **kwargs)
        adapt_swin_blocks(self, attention)

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
        """Keep the tables of the position bias in weights that are loaded.

        mmpretrain deletes them, and a comparison of keys would miss them.
        """
