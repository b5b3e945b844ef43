from __future__ import annotations
from abc import ABC, abstractmethod

import numpy as np


class BaseTextDetector(ABC):
    """What :class:`TextDetectionMetric` needs of a text detector.

    Register your own in mmseg's ``TASK_UTILS``.
    """

    # Stands in the names of the scores.
    name: str
    # False if it cannot look at a picture, but only knows the predictions.
    sees_images = True

    @abstractmethod
    def detect(self, image: np.ndarray, img_path: str) -> list[list[float]]:
        """Find the texts in a picture.

        Args:
            image: uint8 RGB image of shape (H, W, 3).
            img_path: File of the input image, which identifies the sample.

        Returns:
            A polygon ``x, y, x, y, ...`` for each, in pixels of ``image``.
        """
