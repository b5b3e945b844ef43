from __future__ import annotations

import cv2
import mmcv
import numpy as np
from mmpretrain.datasets.transforms import ColorJitter
from mmseg.registry import TRANSFORMS

_LEVELS = np.arange(256, dtype=np.uint8)[None]  # (1, 256)


def _adjust_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    table = mmcv.adjust_brightness(_LEVELS, factor, backend='cv2')
    return cv2.LUT(image, table)


def _adjust_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    gray = mmcv.bgr2gray(image)
    mean = round(cv2.sumElems(gray)[0] / gray.size)
    levels = _LEVELS.astype(np.float32)
    table = cv2.addWeighted(levels, factor, np.full_like(levels, mean),
                            1 - factor, 0)
    # Cut off, not rounded: as mmcv does it.
    return cv2.LUT(image, table.clip(0, 255).astype(np.uint8))


def _adjust_color(image: np.ndarray, factor: float) -> np.ndarray:
    gray = mmcv.gray2bgr(mmcv.bgr2gray(image))
    return cv2.addWeighted(image, factor, gray, 1 - factor, 0)


def _adjust_hue(image: np.ndarray, factor: float) -> np.ndarray:
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV_FULL)
    hsv[..., 0] += np.uint8(int(factor * 255) % 256)  # wraps around
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR_FULL)


@TRANSFORMS.register_module()
class ByteColorJitter(ColorJitter):
    """mmpretrain's ``ColorJitter`` for uint8 images, about four times as fast.

    Draws and pictures are those of ``mmpretrain.ColorJitter`` with
    ``backend='cv2'``. That one computes brightness and contrast of every
    pixel in floating point, and the mean of the contrast by a histogram of
    all pixels. Here both are tables of 256 levels.

    Modified Keys:

    - img: (H, W, 3) uint8, BGR

    Args:
        brightness: Largest change of the brightness: the factor is uniform
            between ``1 - brightness`` (at least 0) and ``1 + brightness``.
        contrast: The same for the contrast.
        saturation: The same for the saturation.
        hue: Largest turn of the hue, 0 to 0.5 (half of the circle).

    Each of them may also be given as ``(lowest, highest)``.
    """

    def __init__(self,
                 brightness: float | tuple[float, float] = 0.,
                 contrast: float | tuple[float, float] = 0.,
                 saturation: float | tuple[float, float] = 0.,
                 hue: float | tuple[float, float] = 0.) -> None:
        super().__init__(brightness, contrast, saturation, hue, backend='cv2')

    def transform(self, results: dict) -> dict:
        """Change the colors of the image; the four changes come in random
        order.

        Args:
            results: Results of the pipeline.

        Returns:
            ``results`` with another ``img`` of the same size.

        Raises:
            ValueError: If the image is not uint8.
        """
        image = results['img']
        if image.dtype != np.uint8:
            raise ValueError('img must be uint8, 0 to 255, but got '
                             f'{image.dtype}')
        order, *factors = self._rand_params()
        adjust = (_adjust_brightness, _adjust_contrast, _adjust_color,
                  _adjust_hue)
        for i in order:
            if factors[i] is not None:
                image = adjust[i](image, factors[i])
        results['img'] = image
        return results
