from __future__ import annotations
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from mmseg.registry import MODELS


@MODELS.register_module()
class ImageToImageDataPreprocessor(BaseDataPreprocessor):
    """Stacks a batch and owns value range and channel order.

    What a pipeline packs is uint8 BGR, 0 to 255, as OpenCV reads it. From here
    on the input images and the target images (``gt_image``) are float32 RGB
    in [0, 1], without normalization by mean and deviation, as UPOCR takes
    them. :meth:`restore` is the exact inverse. Class labels (``gt_sem_seg``)
    become int64, if a data set packs them in another type.
    """

    def forward(self, data: dict[str, Any], training: bool = False) -> dict:
        """Move a batch to the device, stack and convert it.

        Args:
            data: ``inputs``: N uint8 BGR images of shape (3, H, W), a list or
                a stacked tensor; ``data_samples``: N samples or None.
            training: Unused, for the interface of mmengine.

        Returns:
            ``inputs`` of shape (N, 3, H, W), float32 RGB in [0, 1], and
            ``data_samples`` whose ``gt_image`` (3, H, W) was converted
            likewise and whose ``gt_sem_seg`` (1, H, W) is int64.

        Raises:
            ValueError: The images are not uint8 or not of one size, or there
                are none, as the pipeline does not pack them.
        """
        if not isinstance(data, dict) or 'inputs' not in data:
            raise ValueError(
                "the batch has no 'inputs': the pipeline of the data set must "
                'begin with LoadImageFromFile and end with '
                'PackImageToImageInputs')
        data = self.cast_data(data)
        inputs = data['inputs']
        shapes = {tuple(image.shape) for image in inputs}
        if len(shapes) > 1:
            raise ValueError(
                'the images of one batch must have the same size, but got '
                f'(channels, height, width) of {sorted(shapes)}; resize them '
                'in the pipeline or use batch_size=1')
        if not isinstance(inputs, torch.Tensor):
            inputs = torch.stack(list(inputs))
        data_samples = data.get('data_samples')
        for sample in data_samples or []:
            if 'gt_image' in sample:
                sample.gt_image.data = self._convert(sample.gt_image.data)
            if 'gt_sem_seg' in sample:
                sample.gt_sem_seg.data = sample.gt_sem_seg.data.long()
        return dict(inputs=self._convert(inputs), data_samples=data_samples)

    @staticmethod
    def _convert(images: torch.Tensor) -> torch.Tensor:
        """(..., 3, H, W) uint8 BGR to float32 RGB in [0, 1]."""
        if images.dtype != torch.uint8:
            raise ValueError('images must be packed as uint8, 0 to 255, but '
                             f'got {images.dtype}')
        return images.flip(-3).float() / 255

    @staticmethod
    def restore(images: torch.Tensor) -> torch.Tensor:
        """The inverse: (..., 3, H, W) RGB in [0, 1] to uint8 BGR.

        Values outside of [0, 1] are clamped; rounding is to the nearest.
        """
        return images.flip(-3).clamp(0, 1).mul(255).round().to(torch.uint8)
