"""UPOCR by mmpretrain's own attention, with nothing cached or shared.

The reference of the benchmark: the same parameters under the same names, and
one separate pass of encoder and decoder for each task.
"""
from __future__ import annotations
import copy
from typing import Mapping, Sequence

import torch
import torch.nn as nn
from mmengine.config import ConfigDict
from mmpretrain.models.backbones import SwinTransformerV2
from mmseg.registry import MODELS

from upocr_mm.models import UPOCR, FusedSwinTransformerV2, PatchSplitHead
from upocr_mm.models.layers import PatchSplit


@MODELS.register_module()
class PlainSwinTransformerV2(FusedSwinTransformerV2):
    """mmpretrain's Swin-v2 with the settings of FusedSwinTransformerV2."""

    def _fuse_blocks(self) -> None:
        """Leave mmpretrain's blocks as they are."""

    def forward(self,
                x: torch.Tensor,
                prompts: Sequence[torch.Tensor] | None = None
                ) -> tuple[torch.Tensor, ...]:
        """Features (N, C_i, H_i, W_i) of an image (N, 3, H, W).

        Raises:
            NotImplementedError: Prompts are given, for which mmpretrain's
                forward pass has no place.
        """
        if prompts is not None:
            raise NotImplementedError(
                "the plain path has no prompts in the encoder; 'encoder' must "
                'not be in model.task_prompt.positions')
        return SwinTransformerV2.forward(self, x)


@MODELS.register_module()
class PlainPatchSplitHead(PatchSplitHead):
    """PatchSplitHead on mmpretrain's blocks, every output computed."""

    def _fuse_blocks(self) -> None:
        """Leave mmpretrain's blocks as they are."""

    def forward(self,
                feats: Sequence[torch.Tensor],
                prompts: Sequence[torch.Tensor] | None = None,
                full_size_only: bool = False) -> list[torch.Tensor]:
        """Decode features into images.

        Args:
            feats: Features of strides 4, 8, 16 and 32; the last one carries
                the task prompt.
            prompts: For each stage a vector (N, C_i) that is added to every
                pixel of its output, or None.
            full_size_only: Return the last image alone; the others are
                computed nevertheless.

        Returns:
            Images at 1/4, 1/2 and full size.
        """
        *shortcuts, x = feats
        hw_shape = tuple(x.shape[-2:])
        x = x.flatten(2).transpose(1, 2)  # (N, H/32 * W/32, C)
        images = []
        for i, (stage, split) in enumerate(zip(self.stages, self.splits)):
            for block in stage:
                x = block(x, hw_shape)
            x, hw_shape = _split(split, x, hw_shape)
            if i < len(self.laterals):
                shortcut = self.laterals[i].convs(shortcuts[-1 - i])
                x = x + shortcut.flatten(2).transpose(1, 2)
            if prompts is not None:
                x = x + prompts[i][:, None]
            j = i - (len(self.stages) - len(self.output_convs))
            if j >= 0:
                # (N, H * W, C) -> (N, C, H, W)
                feat = self.norms[j](x).transpose(1, 2)
                images.append(self.output_convs[j](feat.reshape(
                    *feat.shape[:2], *hw_shape)))
        return images[-1:] if full_size_only else images


def _split(split: PatchSplit, x: torch.Tensor,
           hw_shape: tuple[int, int]) -> tuple[torch.Tensor, tuple[int, int]]:
    """Tokens (N, H * W, C) to (N, 2H * 2W, C / 2), and (2H, 2W)."""
    h, w = hw_shape
    n, _, c = x.shape
    # The channel groups fill the block column by column.
    x = x.view(n, h, w, 2, 2, c // 4).permute(0, 1, 4, 2, 3, 5)
    x = x.reshape(n, 4 * h * w, c // 4)
    return split.norm(split.expansion(x)), (2 * h, 2 * w)


# The parts that are replaced, by the type in the configuration.
PLAIN_TYPES = dict(
    FusedSwinTransformerV2='PlainSwinTransformerV2',
    PatchSplitHead='PlainPatchSplitHead')


def build_model(cfg: ConfigDict,
                weights: Mapping[str, torch.Tensor] | None = None,
                plain: bool = False,
                checkpointing: bool = False) -> UPOCR:
    """Build the model of a configuration without stochastic depth.

    Args:
        cfg: ``model`` of the configuration of a UPOCR.
        weights: Its parameters by name (no buffers), or None to leave the
            initial ones.
        plain: Build the plain path instead.
        checkpointing: Recompute the blocks in the backward pass.

    Raises:
        ValueError: The plain path knows no equivalent of a part, or names or
            shapes of the parameters are not those of the weights.
    """
    cfg = copy.deepcopy(cfg)
    for name in ('backbone', 'decode_head'):
        part = cfg[name]
        part.drop_path_rate = 0.
        # Those that would be read from files come with the weights.
        part.init_cfg = None
        if checkpointing:
            part.with_cp = True
        if plain:
            if part.type not in PLAIN_TYPES:
                raise ValueError(
                    f'model.{name}.type must be one of {list(PLAIN_TYPES)} to '
                    f'have a plain equivalent, but is {part.type!r}')
            part.type = PLAIN_TYPES[part.type]
    model = MODELS.build(cfg)
    if weights is not None:
        copy_parameters(model, weights)
    return model


def copy_parameters(model: nn.Module, weights: Mapping[str,
                                                       torch.Tensor]) -> None:
    """Copy weights into the parameters of a model, which must match exactly.

    Buffers are left alone: all of them are computed from the configuration,
    and need not have the same names in both models.

    Raises:
        ValueError: A name or a shape is only on one side.
    """
    wanted = {k: tuple(p.shape) for k, p in model.named_parameters()}
    given = {k: tuple(p.shape) for k, p in weights.items()}
    if wanted != given:
        raise ValueError(
            'the parameters of the model and the weights differ: only the '
            f'model has {sorted(set(wanted.items()) - set(given.items()))}, '
            'only the weights have '
            f'{sorted(set(given.items()) - set(wanted.items()))}')
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])


def draw_plain(model: UPOCR, inputs: torch.Tensor,
               tasks: Sequence[str]) -> list[torch.Tensor]:
    """The full-size answers of each task, in a pass of its own.

    Args:
        model: Any UPOCR.
        inputs: Shape (N, 3, H, W), RGB in [0, 1].
        tasks: Names of tasks.

    Returns:
        For each task images of shape (N, 3, H, W).
    """
    return [
        model.encode_decode(inputs, [task] * len(inputs))[-1] for task in tasks
    ]
