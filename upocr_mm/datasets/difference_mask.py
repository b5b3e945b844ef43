from __future__ import annotations

import cv2
import numpy as np


def difference_mask(image: np.ndarray,
                    label: np.ndarray,
                    threshold: int = 25,
                    closing: int = 3,
                    min_area: int = 10) -> np.ndarray:
    """Find text by the difference to the picture without it.

    1. A pixel differs if one of its channels does by more than
       ``threshold``. (In gray, text of another color but the same brightness
       would be missed.)
    2. A morphological closing fills gaps and holes that are narrower than
       ``closing``.
    3. Connected groups (8 neighbors) of fewer than ``min_area`` pixels are
       left out: noise.

    The threshold is that of GaRNet (ECCV 2022). It has to stay above the
    noise that JPEG makes beside the text, about 20 at a quality of 75; a
    smaller one takes it for text, a larger one thins the strokes.

    Args:
        image: uint8 picture of shape (H, W, 3).
        label: The same without its text.
        threshold: From 0 to 254.
        closing: Diameter in pixels, odd; 1 closes nothing.
        min_area: At least 1, which keeps everything.

    Returns:
        uint8 mask of shape (H, W), 1 where there is text and 0 elsewhere.

    Raises:
        ValueError: The pictures are not of equal size, or a setting is not
            as described.

    Example:
        >>> label = np.full((20, 20, 3), 200, np.uint8)
        >>> image = label.copy()
        >>> image[5:15, 5:10] = 30
        >>> int(difference_mask(image, label).sum())
        50
    """
    if image.shape != label.shape or image.ndim != 3:
        raise ValueError('image and label must be of one shape (H, W, 3), got '
                         f'{image.shape} and {label.shape}')
    if not 0 <= threshold <= 254:
        raise ValueError(f'threshold must be 0 to 254, got {threshold}')
    if closing < 1 or closing % 2 == 0:
        raise ValueError(f'closing must be odd and positive, got {closing}')
    if min_area < 1:
        raise ValueError(f'min_area must be at least 1, got {min_area}')
    difference = cv2.absdiff(image, label).max(axis=-1)
    mask = (difference > threshold).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (closing, closing))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    _, groups, stats, _ = cv2.connectedComponentsWithStats(
        mask, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= min_area
    large[0] = False  # the background
    return large[groups].astype(np.uint8)
