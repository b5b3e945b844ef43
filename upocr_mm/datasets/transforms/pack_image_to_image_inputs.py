from __future__ import annotations
from typing import Sequence

import numpy as np
from mmcv.transforms import to_tensor
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackImageToImageInputs(PackSegInputs):
    """Pack image and targets as tensors.

    Values and channel order (BGR) stay as loaded: the data preprocessor is
    the one place that changes them.

    Returns a dict of ``inputs``, uint8 tensor (3, H, W), and
    ``data_samples``, a ``SegDataSample`` with the fields ``gt_image``
    (3, H, W) uint8, ``gt_text_mask`` (1, H, W) uint8, ``masked_cells``
    (1, h, w) uint8 and ``gt_sem_seg`` (1, H, W) int64, as far as there are
    such targets.

    Args:
        meta_keys: Keys to go to the metainfo of the data sample, if present.
            Those with ``ori_`` describe the file, whatever was cropped,
            rotated or resized.
    """

    def __init__(
        self,
        meta_keys: Sequence[str] = ('task', 'img_path', 'sample_idx',
                                    'ori_shape', 'ori_polygons', 'ori_boxes',
                                    'img_shape', 'scale_factor', 'flip',
                                    'flip_direction')
    ) -> None:
        super().__init__(meta_keys=meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack the results of a pipeline.

        Args:
            results: Results of the pipeline.

        Returns:
            Dict of ``inputs`` and ``data_samples``.
        """
        packed = super().transform(results)
        sample = packed['data_samples']
        if 'gt_image' in results:
            chw = np.ascontiguousarray(results['gt_image'].transpose(2, 0, 1))
            sample.gt_image = PixelData(data=to_tensor(chw))
        for key in ('gt_text_mask', 'masked_cells'):
            if key in results:
                mask = np.ascontiguousarray(results[key][None])
                setattr(sample, key, PixelData(data=to_tensor(mask)))
        return packed
