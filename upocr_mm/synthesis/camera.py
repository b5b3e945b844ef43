"""What a camera or scanner makes of a picture, with and without text."""
from __future__ import annotations
import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from .config import CameraConfig
from .textures import sensor_noise


@dataclass
class Camera:
    """One exposure: applied to several pictures, it does the same to each.

    Attributes:
        kernel: Of the blur by motion, or None.
        blur: Standard deviation of the blur, in pixels.
        resample: Factor by which pictures are reduced and enlarged again.
        gains: Factor of each channel, (3, ).
        gamma: Exponent.
        noise: Grain to add, (H, W, 3).
        qualities: Of JPEG, once or twice.
    """
    kernel: np.ndarray | None
    blur: float
    resample: float
    gains: np.ndarray
    gamma: float
    noise: np.ndarray
    qualities: tuple[int, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, config: CameraConfig,
             size: tuple[int, int]) -> Camera:
        """Choose an exposure.

        Args:
            rng: Source of randomness.
            config: How strong it may be.
            size: Height and width of the pictures.
        """
        kernel = None
        if config.motion >= 2 and rng.random() < 1 / 8:
            kernel = _motion(
                rng.uniform(2, config.motion), rng.uniform(0, 180))
        low, high = config.quality
        count = 2 if rng.random() < config.twice else 1
        return cls(
            kernel=kernel,
            # Many pictures are sharp.
            blur=float(config.blur * rng.random()**2),
            resample=float(
                rng.uniform(config.resample, 1) if rng.random() < 1 /
                3 else 1),
            gains=1 + config.white_balance * rng.uniform(-1, 1, 3),
            gamma=float((1 + config.gamma)**rng.uniform(-1, 1)),
            noise=sensor_noise(
                rng, size, config.least_noise +
                (config.noise - config.least_noise) * rng.random()**2),
            qualities=tuple(
                int(q) for q in rng.integers(low, high + 1, count)))

    def expose(self, image: np.ndarray) -> np.ndarray:
        """Take a picture.

        Args:
            image: float32 (H, W, 3), RGB in [0, 1].

        Returns:
            uint8 (H, W, 3), not compressed.
        """
        size = image.shape[1::-1]
        if self.kernel is not None:
            image = cv2.filter2D(image, -1, self.kernel)
        if self.blur > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), self.blur)
        if self.resample < 1:
            small = [max(1, round(side * self.resample)) for side in size]
            image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
        image = (image * self.gains.astype(np.float32)).clip(0, 1)
        image = cv2.pow(image, self.gamma)
        return to_bytes(image + self.noise)

    def take(self, image: np.ndarray) -> bytes:
        """Take a picture and compress it, perhaps twice.

        Args:
            image: float32 (H, W, 3), RGB in [0, 1].

        Returns:
            A JPEG file.
        """
        return compress(self.expose(image), *self.qualities)


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Round an image in [0, 1] to uint8; what lies outside is clipped."""
    return np.rint(image.clip(0, 1) * 255).astype(np.uint8)


def compress(image: np.ndarray, *qualities: int) -> bytes:
    """Compress by JPEG, once for each quality.

    Args:
        image: uint8 (H, W, 3), RGB.
        *qualities: 1 to 100.

    Returns:
        The file of the last one. Colors keep their resolution from quality
        90 on, as in most cameras and editors.
    """
    content = b''
    for quality in qualities:
        if content:
            image = decompress(content)
        stream = io.BytesIO()
        Image.fromarray(image).save(
            stream,
            'JPEG',
            quality=quality,
            subsampling=0 if quality >= 90 else 2)
        content = stream.getvalue()
    return content


def decompress(content: bytes) -> np.ndarray:
    """Decode a file as training does, uint8 (H, W, 3), RGB."""
    # OpenCV, as mmcv reads files: pictures made on the fly equal those read.
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(image[..., ::-1])


def _motion(length: float, angle: float) -> np.ndarray:
    side = int(np.ceil(length)) | 1
    kernel = np.zeros((side, side), np.float32)
    kernel[side // 2] = 1
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), angle, 1)
    kernel = cv2.warpAffine(kernel, turn, (side, side))
    return kernel / kernel.sum()
