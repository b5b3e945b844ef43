"""Answers without learning, which a trained model has to beat.

Each may look at the target where that helps it: the gain of a model over them
is then no gift.
"""
from __future__ import annotations

import cv2
import numpy as np

from ...utils import IGNORE_INDEX

# Of cv2.inpaint: how far it looks around a pixel.
INPAINT_RADIUS = 3


def inpaint_text(image: np.ndarray, text_mask: np.ndarray) -> np.ndarray:
    """Text removal by inpainting where the text truly is.

    Args:
        image: uint8 (H, W, 3).
        text_mask: (H, W), not 0 where there is text.

    Returns:
        uint8 (H, W, 3): Telea's method, ``cv2.INPAINT_TELEA``.
    """
    mask = (text_mask != 0).astype(np.uint8)
    return cv2.inpaint(image, mask, INPAINT_RADIUS, cv2.INPAINT_TELEA)


def otsu_text(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Text segmentation by Otsu's threshold.

    Args:
        image: uint8 (H, W, 3), RGB.
        target: (H, W), 1 text, 0 not, ``IGNORE_INDEX``; it decides whether the
            dark or the light pixels are the text.

    Returns:
        uint8 (H, W), 1 text, 0 not.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    _, light = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    text, counted = target == 1, target != IGNORE_INDEX
    return max((light, 1 - light),
               key=lambda answer: _iou(answer[counted] == 1, text[counted]))


def all_real(target: np.ndarray) -> np.ndarray:
    """Tampered text detection: each text is found and called real.

    Args:
        target: (H, W), 0 background, 1 real, 2 tampered, ``IGNORE_INDEX``.

    Returns:
        uint8 (H, W), 0 or 1.
    """
    return ((target != 0) & (target != IGNORE_INDEX)).astype(np.uint8)


def _iou(answer: np.ndarray, text: np.ndarray) -> float:
    union = np.count_nonzero(answer | text)
    return np.count_nonzero(answer & text) / union if union else 0.
