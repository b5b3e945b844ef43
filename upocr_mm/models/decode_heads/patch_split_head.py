from __future__ import annotations
from typing import Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule, ModuleDict, ModuleList
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from mmseg.registry import MODELS

from ..layers import LateralConnection, PatchSplit, adapt_swin_blocks
from ..sizes import DECODERS, swin_size


@MODELS.register_module()
class PatchSplitHead(BaseModule):
    """Decoder of UPOCR: Swin-v2 blocks, patch splitting, lateral connections.

    UPOCR, section 3.2 and appendix A.1, Table 7. Five stages of Swin-v2
    blocks, each followed by a patch splitting, bring a feature of stride 32
    to stride 1. After the first three, the encoder feature of the same stride
    is added through a lateral connection; from the last three an image is
    predicted (layer norm, 3x3 convolution), at 1/4, 1/2 and full size.

    Args:
        arch: ``'nano'`` (for CPUs, not of the paper), ``'tiny'``,
            ``'small'``, ``'base'`` or a dict of ``embed_dims`` (channels of
            the first stage), ``depths`` and ``num_heads`` (of the five
            stages). It sets the following three, unless they are given.
        window_size: Side of the attention windows.
        pretrained_window_size: Window by which the coordinates of the
            position bias are normalized.
        drop_path_rate: Rate of stochastic depth in the last block.
        in_channels: Channels of the four features of the encoder. By default
            those of UPOCR's encoder of the same size.
        out_strides: Strides of the images, some of 4, 2 and 1 in this order.
            SegMIM predicts the one at full size alone.
        attention: ``'sdpa'`` (PyTorch's scaled-dot-product attention) or
            ``'eager'`` (mmpretrain's own).
        with_cp: Recompute the blocks in the backward pass to save memory.
        init_cfg: Initialization as in mmengine.

    Attributes:
        in_channels: See above. All but the last may differ from the
            decoder's own (a 1x1 convolution takes them in); the last one is
            projected to ``embed_dims`` before it comes here.
        in_strides: Strides of the four features.
        embed_dims: Channels of the last feature, as :meth:`forward` takes it.

    Raises:
        ValueError: ``arch``, ``out_strides`` or ``attention`` is not one of
            the above, ``in_channels`` are not four, or a number is not
            possible.
    """

    in_strides = (4, 8, 16, 32)

    def __init__(self,
                 arch: str | dict = 'small',
                 window_size: int | None = None,
                 pretrained_window_size: int | None = None,
                 drop_path_rate: float | None = None,
                 in_channels: Sequence[int] | None = None,
                 out_strides: Sequence[int] = (4, 2, 1),
                 attention: str = 'sdpa',
                 with_cp: bool = False,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        size = swin_size(
            DECODERS,
            arch,
            window_size=window_size,
            pretrained_window_size=pretrained_window_size,
            drop_path_rate=drop_path_rate)
        self.embed_dims = channels = size.embed_dims
        if channels % 64:
            raise ValueError('arch.embed_dims must be a multiple of 64, which '
                             f'is halved five times, but got {channels}')
        self.in_channels = tuple(
            in_channels or (channels // stride for stride in (8, 4, 2, 1)))
        if len(self.in_channels) != len(self.in_strides):
            raise ValueError(
                'decode_head.in_channels must name the channels of four '
                f'features (strides {self.in_strides}), but got {in_channels}')
        if (not out_strides or list(out_strides)
                != [stride for stride in (4, 2, 1) if stride in out_strides]):
            raise ValueError('decode_head.out_strides must be some of (4, 2, '
                             f'1) in this order, but got {out_strides}')
        rates = torch.linspace(0, size.drop_path_rate,
                               sum(size.depths)).tolist()

        self.stages = ModuleList()
        self.splits = ModuleList()
        self.laterals = ModuleList()
        # By the number of the scale, whether it is there or not: parameters
        # have the same names with any `out_strides`.
        self.norms = ModuleDict()
        self.output_convs = ModuleDict()
        for i, depth in enumerate(size.depths):
            self.stages.append(
                ModuleList(
                    SwinBlockV2(
                        embed_dims=channels,
                        num_heads=size.num_heads[i],
                        window_size=size.window_size,
                        shift=j % 2 == 1,
                        drop_path=rates[sum(size.depths[:i]) + j],
                        pad_small_map=True,
                        with_cp=with_cp,
                        pretrained_window_size=size.pretrained_window_size)
                    for j in range(depth)))
            self.splits.append(PatchSplit(channels))
            channels //= 2
            if i < 3:
                self.laterals.append(
                    LateralConnection(channels, self.in_channels[2 - i]))
            if 2**(4 - i) in out_strides:
                self.norms[str(i - 2)] = nn.LayerNorm(channels)
                self.output_convs[str(i - 2)] = nn.Conv2d(
                    channels, 3, 3, padding=1)
        adapt_swin_blocks(self, attention)

    @property
    def stage_channels(self) -> list[int]:
        """Channels of the outputs of the stages."""
        return [split.out_channels for split in self.splits]

    def forward(
            self,
            feats: Sequence[torch.Tensor],
            prompts: Sequence[torch.Tensor] | None = None
    ) -> list[torch.Tensor]:
        """Decode features into images.

        Args:
            feats: Encoder features of strides 4, 8, 16 and 32, each of shape
                (N, C_i, H / stride, W / stride); the last one carries the
                task prompt. For k prompts it is of shape (k * N, ...): the N
                images with the first prompt, then with the second, and so on.
            prompts: For each stage a vector (N, C_i) that is added to every
                pixel of its output (UPOCR, Table 1), or None.

        Returns:
            Images of shape (N, 3, H/4, W/4), (N, 3, H/2, W/2) and (N, 3, H,
            W), those of ``out_strides``, RGB, about [0, 1] but not clamped.
        """
        return self.draw(self.decode(feats, prompts))

    def decode(
            self,
            feats: Sequence[torch.Tensor],
            prompts: Sequence[torch.Tensor] | None = None
    ) -> list[torch.Tensor]:
        """The features that the images are drawn from.

        Args:
            feats: See :meth:`forward`.
            prompts: The same.

        Returns:
            For each image a feature of its size, after the layer norm.
        """
        *shortcuts, x = feats
        repeats = len(x) // len(shortcuts[0])
        hw_shape = tuple(x.shape[-2:])
        x = x.flatten(2).transpose(1, 2)  # (N, H/32 * W/32, C)
        decoded = []
        for i, (stage, split) in enumerate(zip(self.stages, self.splits)):
            for block in stage:
                x = block(x, hw_shape)
            x, hw_shape = split(x, hw_shape)
            if i < len(self.laterals):
                lateral = self.laterals[i](shortcuts[-1 - i])
                lateral = lateral.flatten(2).transpose(1, 2)
                x = x + torch.cat([lateral] * repeats)
            if prompts is not None:
                x = x + prompts[i][:, None]
            if str(i - 2) in self.norms:
                feat = self.norms[str(i - 2)](x).unflatten(1, hw_shape)
                # channels last in memory
                decoded.append(feat.permute(0, 3, 1, 2))
        return decoded

    def draw(self, decoded: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The images, by a convolution of each feature of :meth:`decode`."""
        return [
            conv(feat)
            for conv, feat in zip(self.output_convs.values(), decoded)
        ]
