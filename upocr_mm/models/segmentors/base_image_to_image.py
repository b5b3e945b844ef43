from __future__ import annotations
from typing import Any, Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmseg.models.segmentors import BaseSegmentor
from mmseg.registry import MODELS

from ...utils import UsageError
from ..fields import build_part


class BaseImageToImage(BaseSegmentor):
    """Encoder, linear projection and decoder, without what is done with them.

    UPOCR, ViTEraser and SegMIM have these in common, under the same names, so
    that the weights of each start the next one.

    Args:
        backbone: The encoder; four features of strides 4, 8, 16 and 32.
        decode_head: The decoder; images at 1/4, 1/2 and full size.
        data_preprocessor: See :class:`ImageToImageDataPreprocessor`.
        init_cfg: Initialization as in mmengine.

    Raises:
        ValueError: Encoder and decoder are of different sizes.
    """

    def __init__(self,
                 backbone: dict,
                 decode_head: dict,
                 data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(
            data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = build_part(MODELS, backbone, 'model.backbone')
        self.decode_head = build_part(MODELS, decode_head, 'model.decode_head')
        self.projection = nn.Linear(self.decode_head.in_channels[-1],
                                    self.decode_head.embed_dims)
        # Only an encoder that has a place for prompts tells its channels.
        self.encoder_channels = getattr(self.backbone, 'stage_channels', ())
        if self.encoder_channels:
            self._check_channels(self.encoder_channels)

    def _check_channels(self, found: Sequence[int]) -> None:
        """Refuse features with other channels than the head takes."""
        wanted = self.decode_head.in_channels
        if tuple(found) != wanted:
            raise UsageError(
                f'the features of model.backbone have {tuple(found)} '
                f'channels, but model.decode_head takes {wanted}: set '
                'backbone.arch and decode_head.arch to the same size, or '
                'decode_head.in_channels to those of the backbone')

    def encoder_feats(self, inputs: torch.Tensor, *args:
                      Any) -> list[torch.Tensor]:
        """The four features of the encoder, checked.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1]; H and W multiples of 32.
            *args: What else the encoder takes.

        Raises:
            ValueError: The features are not those that the head takes.
        """
        feats = list(self.backbone(inputs, *args))
        self._check_channels([feat.shape[1] for feat in feats])
        strides = tuple(inputs.shape[-1] // feat.shape[-1] for feat in feats)
        if strides != self.decode_head.in_strides:
            raise ValueError(
                f'the features of model.backbone have the strides {strides}, '
                f'but model.decode_head takes {self.decode_head.in_strides}')
        return feats

    def project(self, feats: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Features as the decoder takes them: the last one is projected."""
        *shortcuts, last = feats
        # a linear layer on the channels of (N, C, H/32, W/32)
        last = self.projection(last.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return [*shortcuts, last]

    def pad(self, inputs: torch.Tensor) -> torch.Tensor:
        """Repeat the border pixels up to multiples of the largest stride."""
        h, w = inputs.shape[-2:]
        stride = self.decode_head.in_strides[-1]
        pad_b, pad_r = -h % stride, -w % stride
        if pad_b or pad_r:
            inputs = F.pad(inputs, (0, pad_r, 0, pad_b), mode='replicate')
        return inputs

    @staticmethod
    def crop(images: Sequence[torch.Tensor], inputs: torch.Tensor,
             scales: Sequence[int]) -> list[torch.Tensor]:
        """Take the padding off images at 1 / scale of the inputs' size."""
        h, w = inputs.shape[-2:]
        return [
            image[..., :-(-h // scale), :-(-w // scale)]
            for image, scale in zip(images, scales)
        ]
