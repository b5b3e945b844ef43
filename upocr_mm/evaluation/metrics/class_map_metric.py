from __future__ import annotations

import numpy as np

from ..functional import confusion_matrix
from .per_sample_metric import PerSampleMetric, warn_undefined


class ClassMapMetric(PerSampleMetric):
    """Base of metrics that are computed from confusion matrices.

    Needs the fields ``pred_sem_seg`` and ``gt_sem_seg``, integers (1, H, W)
    in [0, num_classes); in the label 255 is ignored.

    Args:
        prefix: Put before the names of the results, with a slash.
    """

    num_classes: int

    def measure(self, data_sample: dict) -> dict[str, list]:
        """Count the pixels of one image.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            ``matrix``, the confusion matrix of shape (num_classes,
            num_classes). A list: small arrays that stay while large ones
            come and go would keep the memory between them from being freed.

        Raises:
            ValueError: If a field is missing, the sizes differ, or a class is
                out of range.
        """
        pred, label = self.get_pair(data_sample, 'pred_sem_seg', 'gt_sem_seg')
        try:
            matrix = confusion_matrix(pred.numpy(), label.numpy(),
                                      self.num_classes)
        except ValueError as error:
            raise ValueError(
                f'{data_sample.get("img_path")}: {error}') from error
        return dict(matrix=matrix.tolist())

    @staticmethod
    def matrices(results: list[dict]) -> list[np.ndarray]:
        """The confusion matrix of each image.

        Args:
            results: What :meth:`measure` returned for each image.
        """
        return [np.array(result['matrix']) for result in results]

    def undefined(self, matrix: np.ndarray, classes: dict[str, int]) -> list:
        """The classes that no label has: nothing is scored of them.

        Says so in the log.

        Args:
            matrix: The confusion matrix of the whole set.
            classes: Numbers of classes, by the names that a message gives
                them.

        Returns:
            Names of those that are in no label.
        """
        absent = [
            name for name, index in classes.items() if not matrix[index].any()
        ]
        if absent:
            reason = ('every pixel of the labels is ignored'
                      if not matrix.any() else 'no label has a pixel of it')
            warn_undefined(self, f'the scores of {" and ".join(absent)}',
                           reason)
        return absent
