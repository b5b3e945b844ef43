"""How the labels of a task become an RGB image, and an image labels again."""
from __future__ import annotations
from numbers import Real
from typing import NamedTuple, Sequence

import torch
from mmseg.registry import TASK_UTILS
from mmseg.structures import SegDataSample

from ..utils import IGNORE_INDEX
from .host import is_on_cpu


class ImageTarget(NamedTuple):
    """Target images of N samples of one task.

    Attributes:
        image: Shape (N, 3, H, W), RGB in [0, 1].
        region: Shape (N, 1, H, W), 1 inside the region of interest (the text
            boxes) and 0 outside, or None where a task has none.
        valid: Shape (N, 1, H, W), bool, False where no loss is taken, or None
            if every pixel counts.
    """
    image: torch.Tensor
    region: torch.Tensor | None = None
    valid: torch.Tensor | None = None


def _stack(data_samples: Sequence[SegDataSample], field: str) -> torch.Tensor:
    for sample in data_samples:
        if field not in sample:
            raise ValueError(
                f'the sample {sample.get("img_path", "")} of the task '
                f'{sample.get("task", None)!r} has no {field}, which its '
                'codec needs; does its data set give it, and does the '
                'pipeline load it (LoadTargets)?')
    return torch.stack([sample.get(field).data for sample in data_samples])


@TASK_UTILS.register_module()
class ImageCodec:
    """A task whose output is a picture (text removal, UPOCR section 3.1)."""

    def encode(self, data_samples: Sequence[SegDataSample]) -> ImageTarget:
        """Target images of samples with ``gt_image`` (3, H, W) in [0, 1].

        Args:
            data_samples: Samples of equal size. If they have a
                ``gt_text_mask`` (1, H, W), it becomes the region.

        Returns:
            The stacked targets.

        Raises:
            ValueError: A sample lacks ``gt_image``, or some but not all have
                a ``gt_text_mask``.
        """
        region = None
        if any('gt_text_mask' in sample for sample in data_samples):
            region = _stack(data_samples, 'gt_text_mask').float()
        return ImageTarget(_stack(data_samples, 'gt_image'), region)

    def decode(self, image: torch.Tensor) -> None:
        """There are no classes: the image (3, H, W) itself is the output."""
        return None


class _ClassCodec:
    """A task whose output is a class per pixel, each in its color.

    Args:
        palette: RGB color of each class, 0 to 255.
    """

    def __init__(self, palette: Sequence[Sequence[int]]) -> None:
        if not isinstance(palette, Sequence) or len(palette) < 2 or not all(
                isinstance(color, Sequence) and len(color) == 3 and all(
                    isinstance(value, Real) and 0 <= value <= 255
                    for value in color) for color in palette):
            raise ValueError('palette must hold at least two RGB colors with '
                             f'values 0..255, but got {palette}')
        if len(set(map(tuple, palette))) < len(palette):
            raise ValueError('the colors of palette must differ from each '
                             f'other, but got {palette}')
        self.palette = torch.tensor(palette, dtype=torch.float32) / 255
        self._palettes: dict[torch.device, torch.Tensor] = {}

    def palette_on(self, device: torch.device) -> torch.Tensor:
        """The palette on a device, copied there once.

        A copy in every step would have to wait for the device.

        Args:
            device: The device.

        Returns:
            Shape (classes, 3), RGB in [0, 1].
        """
        if device not in self._palettes:
            self._palettes[device] = self.palette.to(device)
        return self._palettes[device]

    def encode(self, data_samples: Sequence[SegDataSample]) -> ImageTarget:
        """Paint the classes ``gt_sem_seg`` (1, H, W) of samples.

        Args:
            data_samples: Samples of equal size; 255 is ignored.

        Returns:
            The stacked targets; ignored pixels are drawn as class 0 and
            marked as not valid.

        Raises:
            ValueError: A sample lacks ``gt_sem_seg`` or holds a class that
                has no color (on GPUs the check is left to the data set, as
                it would wait for the device).
        """
        classes = _stack(data_samples, 'gt_sem_seg').squeeze(1).long()
        valid = classes != IGNORE_INDEX
        classes = classes.where(valid, torch.zeros_like(classes))
        if is_on_cpu(classes) and classes.max() >= len(self.palette):
            raise ValueError(
                f'gt_sem_seg holds the class {int(classes.max())}, but the '
                f'palette has {len(self.palette)} colors')
        image = self.palette_on(classes.device)[classes]  # (N, H, W, 3)
        return ImageTarget(
            image.permute(0, 3, 1, 2).contiguous(), valid=valid[:, None])


@TASK_UTILS.register_module()
class BinaryMaskCodec(_ClassCodec):
    """White foreground on black background (text segmentation).

    UPOCR, section 3.1 and appendix A.5: a pixel is foreground where the mean
    of its three channels exceeds a threshold.

    Args:
        threshold: The threshold in [0, 1].
    """

    def __init__(self, threshold: float = 0.4) -> None:
        super().__init__([(0, 0, 0), (255, 255, 255)])
        if not 0 <= threshold <= 1:
            raise ValueError('threshold must lie in [0, 1], but got '
                             f'{threshold}')
        self.threshold = threshold

    def decode(self, image: torch.Tensor) -> torch.Tensor:
        """Image (3, H, W), RGB in [0, 1], to classes (1, H, W), int64."""
        return (image.mean(0, keepdim=True) > self.threshold).long()


@TASK_UTILS.register_module()
class PaletteCodec(_ClassCodec):
    """Each class in its own color (tampered text detection).

    UPOCR, section 3.1 and appendix A.5: a pixel belongs to the class whose
    color is nearest. Ties go to the lower class.

    Args:
        palette: RGB color of each class, 0 to 255, all of the same length as
            vectors. The default is the paper's: background blue, real text
            green, tampered text red. The weights that its authors released
            were trained with red and blue exchanged.

    Raises:
        ValueError: The palette is not of this form.
    """

    def __init__(
        self,
        palette: Sequence[Sequence[int]] = ((0, 0, 255), (0, 255, 0), (255, 0,
                                                                       0))
    ) -> None:
        super().__init__(palette)
        if len({sum(c * c for c in color) for color in palette}) > 1:
            raise ValueError(
                'the colors of palette must have the same sum of squares, '
                f'but got {palette}')

    def decode(self, image: torch.Tensor) -> torch.Tensor:
        """Image (3, H, W), RGB in [0, 1], to classes (1, H, W), int64."""
        # Among vectors of one length the nearest has the largest product,
        # which for pure colors is exactly the value of a channel.
        palette = self.palette_on(image.device)
        scores = sum(palette[:, i, None, None] * image[i] for i in range(3))
        return scores.argmax(0, keepdim=True)
