from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...utils import read_image
from ..annotation_files import (draw_boxes, draw_polygons, read_class_values,
                                read_mask)


@TRANSFORMS.register_module()
class LoadTargets(BaseTransform):
    """Load the targets that a data info describes.

    Targets come at the image's original size: in training this transform
    stands right after the image's loading, in testing behind its resize, so
    that the ground truth has the original size. Pixels are taken as stored,
    whatever the EXIF orientation of a file.

    Required Keys:

    - ori_shape
    - target_path, mask_path, mask_text_value, polygons, seg_map_path,
      label_map, boxes (each optional, see :class:`BasePairedDataset`)

    Added Keys:

    - gt_image: (H, W, 3) uint8, BGR
    - gt_text_mask: (H, W) uint8, 1 = text, 0 = not
    - gt_seg_map: (H, W) uint8 classes, 255 = ignored
    - seg_fields: which of the last two there are
    - ori_polygons, ori_boxes: ``polygons`` and ``boxes``, for metrics. As
      ``ori_shape`` they belong to the file: no transform changes them.

    Raises:
        ValueError: If a class map has a value that is not in its label map,
            or a target cannot be read.
    """

    def transform(self, results: dict) -> dict:
        """Load the targets.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with the targets added.
        """
        seg_fields = results.setdefault('seg_fields', [])
        if 'target_path' in results:
            results['gt_image'] = read_image(results['target_path'])
        shape = results['ori_shape'][:2]
        if 'mask_path' in results:
            dark = read_mask(results['mask_path']) < 128
            text = dark if results['mask_text_value'] == 0 else ~dark
            results['gt_text_mask'] = text.astype(np.uint8)
        elif 'polygons' in results:
            results['gt_text_mask'] = draw_polygons(results['polygons'], shape)
        if 'seg_map_path' in results:
            results['gt_seg_map'] = _read_class_map(results['seg_map_path'],
                                                    results['label_map'])
        elif 'boxes' in results:
            results['gt_seg_map'] = draw_boxes(results['boxes'], shape)
        for key in ('polygons', 'boxes'):
            if key in results:
                results[f'ori_{key}'] = results[key]
        seg_fields += [
            key for key in ('gt_text_mask', 'gt_seg_map') if key in results
        ]
        return results


def _read_class_map(path: str, label_map: dict[int, int]) -> np.ndarray:
    table = np.full(256, -1, dtype=np.int16)
    for value, label in label_map.items():
        table[value] = label
    seg_map = cv2.LUT(read_class_values(path), table)
    if seg_map.min() < 0:
        illegal = np.unique(read_class_values(path)[seg_map < 0]).tolist()
        raise ValueError(f'{path} has the values {illegal}, allowed are '
                         f'{sorted(label_map)}')
    return seg_map.astype(np.uint8)
