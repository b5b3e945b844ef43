from __future__ import annotations
from typing import Sequence

import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

_AXES = dict(horizontal=(-1, ), vertical=(-2, ), diagonal=(-1, -2))


@MODELS.register_module()
class UPOCRTTAModel(BaseTTAModel):
    """Test-time augmentation: the mean of the pictures of flipped inputs.

    Flips only, which training does as well and which are turned back exactly.
    Classes are decoded from the mean. Used by ``mim test ... --tta`` with
    ``tta_pipeline``; targets must not be flipped along, so that they are
    loaded behind the flip.

    Args:
        module: Config of :class:`UPOCR`, or the model.
        data_preprocessor: As in mmengine.
    """

    def test_step(self, data: dict) -> list[SegDataSample]:
        """Predict a batch of augmented images.

        Args:
            data: What ``TestTimeAug`` packed: of ``inputs`` and
                ``data_samples`` a list for each augmentation.

        Raises:
            ValueError: It is not augmented.
        """
        inputs = data.get('inputs') if isinstance(data, dict) else None
        if not isinstance(inputs, (list, tuple)) or not inputs or not all(
                isinstance(images, (list, tuple)) for images in inputs):
            raise ValueError(
                'test-time augmentation needs a pipeline that ends with '
                'TestTimeAug: set tta_pipeline, as configs/_base_/datasets/'
                'joint_512x512.py does, and test with --tta')
        return super().test_step(data)

    def merge_preds(
        self, data_samples_list: Sequence[Sequence[SegDataSample]]
    ) -> list[SegDataSample]:
        """Average the predictions of each image.

        Args:
            data_samples_list: For each image its predictions, with ``flip``
                and ``flip_direction`` in the metainfo.

        Returns:
            For each image its first sample, with ``pred_image`` and, for
            tasks with classes, ``pred_sem_seg`` of the mean.
        """
        merged = []
        for samples in data_samples_list:
            images = [_unflip(sample) for sample in samples]
            image = torch.stack(images).mean(0)
            sample = samples[0]
            sample.pred_image = PixelData(data=image)
            classes = self.module.codecs[sample.task].decode(image)
            if classes is not None:
                sample.pred_sem_seg = PixelData(data=classes)
            merged.append(sample)
        return merged


def _unflip(sample: SegDataSample) -> torch.Tensor:
    image = sample.pred_image.data
    if not sample.get('flip', False):
        return image
    return image.flip(_AXES[sample.flip_direction])
