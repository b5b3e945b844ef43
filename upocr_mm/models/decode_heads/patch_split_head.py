from __future__ import annotations
from typing import Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule, ModuleList
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2
from mmseg.registry import MODELS

from ..layers import LateralConnection, PatchSplit, fuse_swin_blocks
from ..layers.chunks import pays, rows_of_chunk


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
            the input feature), ``depths`` and ``num_heads`` (of the five
            stages).
        window_size: Side of the attention windows.
        pretrained_window_size: Window by which the coordinates of the
            position bias are normalised.
        drop_path_rate: Largest rate of stochastic depth, reached in the last
            block.
        with_cp: Recompute the blocks in the backward pass to save memory.
        init_cfg: Initialisation as in mmengine.

    Raises:
        ValueError: ``arch`` is not one of the above.
    """

    arch_zoo = {
        'nano': dict(
            embed_dims=384,
            depths=(1, 2, 1, 1, 1),
            num_heads=(16, 8, 4, 2, 1)),
        'tiny': dict(
            embed_dims=768,
            depths=(2, 6, 2, 2, 2),
            num_heads=(24, 12, 6, 3, 2)),
        'small': dict(
            embed_dims=768,
            depths=(2, 18, 2, 2, 2),
            num_heads=(24, 12, 6, 3, 2)),
        'base': dict(
            embed_dims=1024,
            depths=(2, 18, 2, 2, 2),
            num_heads=(32, 16, 8, 4, 2)),
    }  # yapf: disable

    def __init__(self,
                 arch: str | dict = 'small',
                 window_size: int = 8,
                 pretrained_window_size: int = 8,
                 drop_path_rate: float = 0.3,
                 with_cp: bool = False,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        settings = self._settings(arch)
        depths, heads = settings['depths'], settings['num_heads']
        self.embed_dims = channels = settings['embed_dims']
        rates = torch.linspace(0, drop_path_rate, sum(depths)).tolist()

        self.stages = ModuleList()
        self.splits = ModuleList()
        self.laterals = ModuleList()
        self.norms = ModuleList()
        self.output_convs = ModuleList()
        for i, depth in enumerate(depths):
            self.stages.append(
                ModuleList(
                    SwinBlockV2(
                        embed_dims=channels,
                        num_heads=heads[i],
                        window_size=window_size,
                        shift=j % 2 == 1,
                        drop_path=rates[sum(depths[:i]) + j],
                        pad_small_map=True,
                        with_cp=with_cp,
                        pretrained_window_size=pretrained_window_size)
                    for j in range(depth)))
            self.splits.append(PatchSplit(channels))
            channels //= 2
            if i < 3:
                self.laterals.append(LateralConnection(channels))
            if i >= 2:
                self.norms.append(nn.LayerNorm(channels))
                self.output_convs.append(nn.Conv2d(channels, 3, 3, padding=1))
        self._fuse_blocks()

    def _fuse_blocks(self) -> None:
        fuse_swin_blocks(self)

    @classmethod
    def _settings(cls, arch: str | dict) -> dict:
        keys = set(cls.arch_zoo['small'])
        if isinstance(arch, str) and arch in cls.arch_zoo:
            return cls.arch_zoo[arch]
        if (not isinstance(arch, str) and set(arch) == keys
                and len(arch['depths']) == len(arch['num_heads']) == 5):
            return arch
        raise ValueError(
            f'decode_head.arch must be one of {list(cls.arch_zoo)} or a dict '
            f'of {sorted(keys)} with five depths and five num_heads, but got '
            f'{arch!r}')

    @property
    def stage_channels(self) -> list[int]:
        """Channels of the outputs of the stages."""
        return [split.out_channels for split in self.splits]

    def forward(self,
                feats: Sequence[torch.Tensor],
                prompts: Sequence[torch.Tensor] | None = None,
                full_size_only: bool = False) -> list[torch.Tensor]:
        """Decode features into images.

        Args:
            feats: Encoder features of strides 4, 8, 16 and 32, each of shape
                (N, C_i, H / stride, W / stride); the last one carries the
                task prompt. It may be a multiple of N: all first prompts, all
                second ones and so on, which share the other features.
            prompts: For each stage a vector (N, C_i) that is added to every
                pixel of its output (UPOCR, Table 1), or None.
            full_size_only: Leave out the smaller images, which only training
                needs.

        Returns:
            Images of shape (N, 3, H/4, W/4), (N, 3, H/2, W/2) and (N, 3, H,
            W), RGB, about [0, 1] but not clamped; the last one alone with
            ``full_size_only``.
        """
        *shortcuts, x = feats
        shortcuts = [
            # (N, H_i * W_i, C_i)
            lateral(feat).flatten(2).transpose(1, 2)
            for lateral, feat in zip(self.laterals, shortcuts[::-1])
        ]
        n = len(shortcuts[0])
        if not pays(x):
            return self._decode(x, shortcuts, prompts, full_size_only)
        # One prompt after the other: as fast on CPUs, and takes less memory.
        outs = [
            self._decode(
                x[i:i + n], shortcuts,
                None if prompts is None else [p[i:i + n] for p in prompts],
                full_size_only) for i in range(0, len(x), n)
        ]
        return [torch.cat(images) for images in zip(*outs)]

    def _decode(self, x: torch.Tensor, shortcuts: Sequence[torch.Tensor],
                prompts: Sequence[torch.Tensor] | None,
                full_size_only: bool) -> list[torch.Tensor]:
        """As :meth:`forward`, with the outputs of the lateral connections."""
        hw_shape = tuple(x.shape[-2:])
        # (N, H/32 * W/32, C)
        x = x.flatten(2).transpose(1, 2).contiguous()
        images = []
        for i, (stage, split) in enumerate(zip(self.stages, self.splits)):
            for block in stage:
                x = block(x, hw_shape)
            prompt = None if prompts is None else prompts[i][:, None]
            is_last = i == len(self.stages) - 1
            if is_last and full_size_only and pays(x):
                return [self._draw_in_bands(x, hw_shape, prompt)]
            x, hw_shape = split(x, hw_shape)
            if i < len(shortcuts):
                x = x.view(-1, *shortcuts[i].shape) + shortcuts[i]
                x = x.flatten(0, 1)
            if prompt is not None:
                x = x + prompt
            j = i - (len(self.stages) - len(self.output_convs))
            if j >= 0 and (is_last or not full_size_only):
                images.append(self._draw(j, x, hw_shape))
        return images

    def _draw(self, j: int, x: torch.Tensor,
              hw_shape: tuple[int, int]) -> torch.Tensor:
        """Tokens (N, H * W, C) to an image (N, 3, H, W)."""
        feat = self.norms[j](x).unflatten(1, hw_shape)
        # channels last in memory
        return self.output_convs[j](feat.permute(0, 3, 1, 2))

    @torch.compiler.disable
    def _draw_in_bands(self, x: torch.Tensor, hw_shape: tuple[int, int],
                       prompt: torch.Tensor | None) -> torch.Tensor:
        """The last split and image, a few rows at a time.

        The feature at full size would be the largest of the whole model.

        Args:
            x: Tokens (N, H * W, C) of the last stage.
            hw_shape: H and W.
            prompt: (N, 1, C / 2), added behind the split, or None.

        Returns:
            Shape (N, 3, 2H, 2W).
        """
        (h, w), images = hw_shape, []
        step = rows_of_chunk(x[0].view(h, -1))
        for n, tokens in enumerate(x.view(len(x), h, -1)):
            bands = []
            for start in range(0, h, step):
                # A row more on each side, for the convolution.
                first, stop = max(start - 1, 0), min(start + step + 1, h)
                band, shape = self.splits[-1](tokens[first:stop].view(
                    1, (stop - first) * w, -1), (stop - first, w))
                if prompt is not None:
                    band = band + prompt[n]
                top, rows = 2 * (start - first), 2 * min(step, h - start)
                bands.append(self._draw(-1, band, shape)[:, :, top:top + rows])
            images.append(torch.cat(bands, 2))
        return torch.cat(images)
