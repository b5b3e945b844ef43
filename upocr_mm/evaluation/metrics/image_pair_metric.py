from __future__ import annotations

import numpy as np

from ..functional import truncate_to_uint8
from .per_sample_metric import PerSampleMetric


class ImagePairMetric(PerSampleMetric):
    """Base of metrics that compare a predicted picture with the true one.

    Needs the fields ``pred_image`` and ``gt_image``, float RGB (3, H, W) in
    [0, 1].

    Args:
        prefix: Put before the names of the results, with a slash.
    """

    def get_images(self, data_sample: dict) -> tuple[np.ndarray, np.ndarray]:
        """Take prediction and ground truth as arrays.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            Two float32 RGB images of shape (3, H, W) in [0, 1]; the prediction
            is clamped.

        Raises:
            ValueError: If a field is missing, sizes differ or the ground
                truth is not in [0, 1].
        """
        pred, gt = (
            data.float().numpy()
            for data in self.get_pair(data_sample, 'pred_image', 'gt_image'))
        if not (gt.min() >= 0 and gt.max() <= 1):
            raise ValueError(
                f'gt_image of {data_sample.get("img_path")!r} must be in '
                f'[0, 1], but spans {gt.min()} to {gt.max()}')
        return np.clip(pred, 0, 1), gt

    @staticmethod
    def pred_bytes(pred: np.ndarray) -> np.ndarray:
        """The prediction as the benchmark stores it: cut off, not rounded.

        Args:
            pred: Float RGB image of shape (3, H, W) in [0, 1].

        Returns:
            uint8 RGB image of shape (H, W, 3).
        """
        return np.ascontiguousarray(truncate_to_uint8(pred).transpose(1, 2, 0))

    @staticmethod
    def gt_bytes(gt: np.ndarray) -> np.ndarray:
        """The ground truth as it was in the file.

        Args:
            gt: Float RGB image of shape (3, H, W), uint8 / 255: rounding gives
                the bytes back exactly.

        Returns:
            uint8 RGB image of shape (H, W, 3).
        """
        image = np.rint(gt * 255).astype(np.uint8)
        return np.ascontiguousarray(image.transpose(1, 2, 0))
