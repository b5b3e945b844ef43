from __future__ import annotations
from typing import Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from ...utils import UsageError
from ..fields import build_part
from .base_image_to_image import BaseImageToImage

# Parameters that the next stage does not have, by their prefix.
TRAINING_ONLY = ('backbone.mask_token', 'text_head.')
# Those that it has and SegMIM does not: images at 1/4 and 1/2, and whatever
# ViTEraser and UPOCR add.
MISSING = ('decode_head.norms.0.', 'decode_head.norms.1.',
           'decode_head.output_convs.0.', 'decode_head.output_convs.1.',
           'mask_branch.', 'discriminator.', 'task_prompt.')


@MODELS.register_module()
class SegMIM(BaseImageToImage):
    """Pre-training by masked image modeling and text segmentation.

    ViTEraser (Peng et al., AAAI 2024), section "SegMIM". In its first stage
    the network sees pictures with masked cells; the decoder draws them as they
    were, and a head on the last encoder feature predicts where text is. In its
    second stage nothing is masked and the encoder alone learns, by the same
    head.

    The second stage carries the decoder of the first along without using it,
    so that its checkpoint is all that ViTEraser and UPOCR start from.

    Args:
        backbone: The encoder, :class:`MaskedSwinTransformerV2`.
        decode_head: The decoder, with ``out_strides=(1, )``.
        text_head: The head for text masks, :class:`TextMaskHead`.
        text_loss: Loss of the text masks: MMSegmentation's ``DiceLoss`` with
            ``ignore_index=None``.
        reconstruction_loss: Loss of the pictures, :class:`MaskedPixelLoss`.
            None for the second stage.
        data_preprocessor: See :class:`ImageToImageDataPreprocessor`.
        init_cfg: Initialization as in mmengine.

    Raises:
        ValueError: Encoder, decoder and head do not fit together.
    """

    def __init__(self,
                 backbone: dict,
                 decode_head: dict,
                 text_head: dict,
                 text_loss: dict,
                 reconstruction_loss: dict | None = None,
                 data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(backbone, decode_head, data_preprocessor, init_cfg)
        if not hasattr(self.backbone, 'mask_token'):
            raise UsageError(
                'model.backbone must be a MaskedSwinTransformerV2, but is a '
                f'{type(self.backbone).__name__}')
        if list(self.decode_head.output_convs) != ['2']:
            raise UsageError('model.decode_head.out_strides must be (1, ) for '
                             'SegMIM, which predicts one image')
        self.text_head = build_part(
            MODELS,
            dict(in_channels=self.decode_head.in_channels[-1], **text_head),
            'model.text_head')
        self.text_loss = build_part(MODELS, text_loss, 'model.text_loss')
        self.reconstruction_loss = None
        if reconstruction_loss is not None:
            self.reconstruction_loss = build_part(MODELS, reconstruction_loss,
                                                  'model.reconstruction_loss')
        else:
            self._freeze_unused()

    def _freeze_unused(self) -> None:
        """Of the second stage: all but the way to the last feature."""
        unused = (self.decode_head, self.projection,
                  *(getattr(self.backbone, f'norm{i}') for i in range(3)))
        for module in unused:
            module.requires_grad_(False)
        self.backbone.mask_token.requires_grad_(False)

    @property
    def task_meta(self) -> dict:
        """What a training that starts from these weights must know of them.

        Returns:
            ``training_only``: prefixes of parameters that end with this
            training; ``missing``: prefixes of those that others have;
            ``stage``: 1 or 2.
        """
        return dict(
            training_only=list(TRAINING_ONLY),
            missing=list(MISSING),
            stage=2 if self.reconstruction_loss is None else 1)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Layer of a parameter, for the decay of the learning rate.

        Args:
            param_name: Name of the parameter.

        Returns:
            The layer and the number of layers; all but the encoder belongs to
            the last one.
        """
        prefix = 'backbone.'
        if param_name.startswith(prefix):
            return self.backbone.get_layer_depth(param_name, prefix)
        _, num_layers = self.backbone.get_layer_depth('')
        return num_layers - 1, num_layers

    def extract_feat(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """The four features of the encoder, nothing masked.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1]; H and W multiples of 32.
        """
        return self.encoder_feats(inputs)

    def encode_decode(
        self,
        inputs: torch.Tensor,
        masked_cells: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Text mask and picture.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1], any H and W.
            masked_cells: See :class:`MaskedSwinTransformerV2`.

        Returns:
            Logits of the text mask, (N, 1, H, W), and images (N, 3, H, W),
            RGB, not clamped.
        """
        feats = self.encoder_feats(self.pad(inputs), masked_cells)
        images, = self.decode_head(self.project(feats))
        logits, images = self.crop([self.text_head(feats[-1]), images], inputs,
                                   (1, 1))
        return logits, images

    def _forward(self,
                 inputs: torch.Tensor,
                 data_samples: object = None) -> tuple[torch.Tensor, ...]:
        """Text mask and picture; see :meth:`encode_decode`."""
        return self.encode_decode(inputs)

    def loss(self, inputs: torch.Tensor,
             data_samples: Sequence[SegDataSample]) -> dict[str, torch.Tensor]:
        """Losses of a batch.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1]; H and W multiples of 32.
            data_samples: Samples with ``gt_text_mask`` (1, H, W), 1 = text,
                and for the first stage ``masked_cells`` (1, H / c, W / c).

        Returns:
            ``loss_text`` and, of the first stage, ``loss_reconstruction``.

        Raises:
            ValueError: A sample lacks one of these.
        """
        text = _stack(data_samples, 'gt_text_mask', 'the data set gives no '
                      'text masks')
        if self.reconstruction_loss is None:
            logits = self.text_head(self.encoder_feats(inputs)[-1])
            return dict(loss_text=self.text_loss(logits.float(), text))
        cells = _stack(data_samples, 'masked_cells', 'the pipeline needs the '
                       'transform RandomCellMask')
        logits, images = self.encode_decode(inputs, cells)
        mask = F.interpolate(cells, size=inputs.shape[-2:], mode='nearest')
        return dict(
            loss_reconstruction=self.reconstruction_loss(images, inputs, mask),
            loss_text=self.text_loss(logits.float(), text))

    @torch.no_grad()
    def predict(self, inputs: torch.Tensor,
                data_samples: Sequence[SegDataSample]) -> list[SegDataSample]:
        """Predict where text is.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1].
            data_samples: Samples, with ``ori_shape`` where the pipeline
                resized the image.

        Returns:
            The samples, with ``pred_sem_seg`` (1, H, W), int64, 1 = text.
        """
        feats = self.encoder_feats(self.pad(inputs))
        logits, = self.crop([self.text_head(feats[-1])], inputs, (1, ))
        for logit, sample in zip(logits.float(), data_samples):
            size = tuple(sample.get('ori_shape', logit.shape[1:]))
            logit = F.interpolate(
                logit[None], size=size, mode='bilinear', align_corners=False)
            sample.pred_sem_seg = PixelData(data=(logit[0] > 0).long())
        return list(data_samples)


def _stack(data_samples: Sequence[SegDataSample], field: str,
           remedy: str) -> torch.Tensor:
    for sample in data_samples:
        if field not in sample:
            raise ValueError(f'the sample {sample.get("img_path", "")} has no '
                             f'{field}: {remedy}')
    return torch.stack([s.get(field).data for s in data_samples]).float()
