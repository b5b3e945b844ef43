from __future__ import annotations
import zlib

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS


def _jpeg(image: np.ndarray, quality: float) -> np.ndarray:
    done, data = cv2.imencode(
        '.jpg', image,
        [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    assert done
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _resize(image: np.ndarray, factor: float) -> np.ndarray:
    height, width = image.shape[:2]
    small = (max(round(width * factor), 1), max(round(height * factor), 1))
    # Area where it gets smaller: anything else would alias.
    down = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    up = cv2.INTER_CUBIC if factor < 1 else cv2.INTER_AREA
    return cv2.resize(
        cv2.resize(image, small, interpolation=down), (width, height),
        interpolation=up)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma)


# kind: function of an image, and the amounts that are allowed (inclusive)
KINDS = dict(
    jpeg=(_jpeg, 1, 100),
    resize=(_resize, 0.05, 20),
    blur=(_blur, 0.1, 50),
    noise=(None, 0, 255),
)


@TRANSFORMS.register_module()
class DegradeImage(BaseTransform):
    """Make the input image worse, to measure how robust a model is.

    Stands right behind ``LoadImageFromFile``: targets are not touched.

    Modified Keys:

    - img

    Args:
        kind: ``'jpeg'`` (compression), ``'resize'`` (to a factor of the size
            and back), ``'blur'`` (Gaussian) or ``'noise'`` (Gaussian, the
            same for the same image file in every run).
        amount: JPEG quality of 1 to 100; factor of 0.05 to 20; sigma in pixels
            of 0.1 to 50; deviation in gray levels of 0 to 255.

    Raises:
        ValueError: If an argument is not among these.
    """

    def __init__(self, kind: str, amount: float) -> None:
        if kind not in KINDS:
            raise ValueError(f'kind must be one of {list(KINDS)}, but got '
                             f'{kind!r}')
        self.function, low, high = KINDS[kind]
        if not low <= amount <= high:
            raise ValueError(f'the amount of {kind} must be in [{low}, '
                             f'{high}], but got {amount}')
        self.kind = kind
        self.amount = amount

    def transform(self, results: dict) -> dict:
        """Degrade the image.

        Args:
            results: Results of the pipeline; ``img`` is uint8 (H, W, 3).

        Returns:
            ``results`` with another ``img`` of the same size.
        """
        image = results['img']
        if self.kind == 'noise':
            # Of the file's name, so that runs and processes agree.
            name = str(results.get('img_path', '')).rpartition('/')[2]
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            noise = self.amount * rng.standard_normal(image.shape)
            image = np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
        else:
            image = self.function(image, self.amount)
        results['img'] = image
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(kind={self.kind!r}, '
                f'amount={self.amount})')
