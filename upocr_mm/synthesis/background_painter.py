from __future__ import annotations
import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import ImageOps

from ..utils import open_picture
from .textures import brick_wall, planks, plaster, smooth_noise

# Larger photographs are reduced, to keep some of them in memory.
MAX_PHOTO = 1280
# Shorter side of the pictures that regions of this engine are parts of.
SHOWN_SIDE = 512
PHOTO_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


class BackgroundPainter:
    """Grounds without text: regions of photographs, walls and signs, paper.

    Args:
        background_dir: Folder of photographs (without text, or the text in
            them stays unlabeled), searched recursively. None: grounds are
            computed.

    Raises:
        FileNotFoundError: If ``background_dir`` is no folder or holds no
            image file.
        ValueError: If one of the files cannot be read as an image.
    """

    def __init__(self, background_dir: str | Path | None = None) -> None:
        self.photos: list[str] = []
        if background_dir is not None:
            self.photos = self._find_photos(Path(background_dir))

    def photo(self, rng: np.random.Generator, size: tuple[int,
                                                          int]) -> np.ndarray:
        """A region of a photograph, mirrored or not.

        Args:
            rng: Source of randomness.
            size: Height and width in pixels.

        Returns:
            float32 (H, W, 3), RGB in [0, 1].
        """
        photo = _read_photo(self.photos[rng.integers(len(self.photos))])
        height, width = size
        # A part of a picture that is reduced to some 512 pixels, as pictures
        # are for the network; small photographs are hardly enlarged.
        fit = min(photo.shape[0] / height, photo.shape[1] / width)
        zoom = min(photo.shape[:2]) / SHOWN_SIDE * float(2**rng.uniform(-1, 1))
        fit = min(fit, max(0.8, zoom))
        box_h, box_w = int(height * fit), int(width * fit)
        top = int(rng.integers(0, photo.shape[0] - box_h + 1))
        left = int(rng.integers(0, photo.shape[1] - box_w + 1))
        region = photo[top:top + box_h, left:left + box_w]
        if rng.random() < 0.5:
            region = region[:, ::-1]
        method = cv2.INTER_AREA if fit > 1 else cv2.INTER_CUBIC
        region = cv2.resize(
            np.ascontiguousarray(region), (width, height),
            interpolation=method)
        return region.astype(np.float32) / 255

    def wall(self, rng: np.random.Generator, size: tuple[int,
                                                         int]) -> np.ndarray:
        """A wall, perhaps with a sign on it, computed.

        Args:
            rng: Source of randomness.
            size: Height and width in pixels.

        Returns:
            float32 (H, W, 3), RGB in [0, 1].
        """
        scale = min(size) / 128
        image = self._wall(rng, size, scale)
        for _ in range(rng.integers(0, 3)):
            self._add_blob(rng, image, scale)
        if rng.random() < 0.45:
            self._add_sign(rng, image, scale)
        image *= self._light(rng, size)[..., None]
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1) * scale)
        return np.clip(image, 0.02, 0.98)

    @staticmethod
    def _find_photos(background_dir: Path) -> list[str]:
        if not background_dir.is_dir():
            raise FileNotFoundError(
                f'background_dir "{background_dir}" is not a folder')
        files = sorted(
            str(path) for path in background_dir.rglob('*')
            if path.suffix.lower() in PHOTO_SUFFIXES and not any(
                part.startswith('.')
                for part in path.relative_to(background_dir).parts))
        if not files:
            raise FileNotFoundError(
                f'background_dir "{background_dir}" holds no image file; '
                f'allowed are {", ".join(PHOTO_SUFFIXES)}')
        for path in files:
            try:
                with open_picture(path) as photo:
                    photo.verify()
            except Exception as error:
                raise ValueError(f'background "{path}" cannot be read as an '
                                 f'image: {error}') from error
        return files

    @staticmethod
    def _wall(rng: np.random.Generator, size: tuple[int, int],
              scale: float) -> np.ndarray:
        first = _random_color(rng)
        second = np.clip(first + rng.uniform(-0.16, 0.16, 3), 0.05, 0.95)
        blend = smooth_noise(rng, size, octaves=4)[..., None]
        image = first + (second - first) * blend
        texture = rng.choice([plaster, plaster, brick_wall, planks])
        shade = texture(rng, size, scale)[..., None]
        if rng.random() < 0.3:  # the texture ends at a floor or a ceiling
            rows = np.arange(size[0]) / size[0]
            slope = np.linspace(-1, 1, size[1]) * rng.uniform(-0.15, 0.15)
            edge = rng.uniform(0.25, 0.75) + slope
            below = (rows[:, None] > edge[None])[..., None]
            image = np.where(below,
                             _random_color(rng) * (0.8 + 0.2 * blend), image)
            shade = np.where(below, 1, shade)
        return (image * shade).astype(np.float32)

    @staticmethod
    def _add_blob(rng: np.random.Generator, image: np.ndarray,
                  scale: float) -> None:
        """Blend in a soft object or shadow, in place."""
        height, width = image.shape[:2]
        mask = np.zeros((height, width), np.float32)
        center = rng.integers(0, (width, height))
        axes = rng.integers(
            min(height, width) // 8,
            min(height, width) // 2, 2)
        angle = rng.uniform(0, 180)
        if rng.random() < 0.5:
            cv2.ellipse(mask, (center.tolist(), axes.tolist(), angle), 1, -1)
        else:
            corners = cv2.boxPoints((center.tolist(), axes.tolist(), angle))
            cv2.fillConvexPoly(mask, corners.astype(np.int32), 1)
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6) * scale)
        opacity = mask[..., None] * rng.uniform(0.25, 0.7)
        image += opacity * (_random_color(rng) - image)

    @staticmethod
    def _add_sign(rng: np.random.Generator, image: np.ndarray,
                  scale: float) -> None:
        """Put a smooth panel with a shadow and often a frame, in place."""
        height, width = image.shape[:2]
        tall = int(height * rng.uniform(0.5, 0.9))
        wide = int(width * rng.uniform(0.6, 0.95))
        top = int(rng.integers(0, height - tall + 1))
        left = int(rng.integers(0, width - wide + 1))
        panel = np.zeros((height, width), np.float32)
        panel[top:top + tall, left:left + wide] = 1
        shadow = cv2.GaussianBlur(panel, (0, 0), 3 * scale)
        shadow = np.roll(shadow, round(2 * scale), axis=(0, 1))
        image *= 1 - 0.4 * shadow[..., None]
        color = _random_color(rng)
        tint = smooth_noise(rng, (height, width), octaves=3)[..., None]
        inside = panel[..., None] > 0
        image[:] = np.where(inside, color * (0.92 + 0.16 * tint), image)
        if rng.random() < 0.5:
            inset, thick = round(3 * scale), max(1, round(1.5 * scale))
            frame = np.zeros((height, width), np.uint8)
            cv2.rectangle(frame, (left + inset, top + inset),
                          (left + wide - inset, top + tall - inset), 1, thick)
            image[frame > 0] = _random_color(rng)

    @staticmethod
    def _light(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        """Uneven light and the dark corners of a lens, around 1."""
        rows = np.linspace(-1, 1, size[0], dtype=np.float32)[:, None]
        columns = np.linspace(-1, 1, size[1], dtype=np.float32)[None]
        angle = rng.uniform(0, 2 * np.pi)
        slope = math.cos(angle) * rows + math.sin(angle) * columns
        corners = (rows**2 + columns**2) / 2
        return ((1 + rng.uniform(0, 0.22) * slope) *
                (1 - rng.uniform(0, 0.35) * corners * np.sqrt(corners)))


@lru_cache(maxsize=64)
def _read_photo(path: str) -> np.ndarray:
    """A photograph, upright, at most ``MAX_PHOTO`` pixels on a side."""
    try:
        with open_picture(path) as photo:
            photo.draft('RGB', (MAX_PHOTO, MAX_PHOTO))
            photo = ImageOps.exif_transpose(photo).convert('RGB')
    except Exception as error:  # Pillow's are of many kinds
        raise ValueError(f'background "{path}" cannot be read as an image: '
                         f'{error}') from error
    photo.thumbnail((MAX_PHOTO, MAX_PHOTO))
    return np.asarray(photo)


def _random_color(rng: np.random.Generator) -> np.ndarray:
    """An RGB color in [0, 1]; strong colors are rarer than pale ones."""
    saturation = rng.beta(1.2, 3.2)
    value = rng.uniform(0.2, 0.92)
    hue = rng.uniform(0, 6)
    # HSV to RGB in closed form: each channel is a trapezoid over the hue.
    phase = (np.array([5., 3., 1.]) + hue) % 6
    ramp = np.clip(np.minimum(phase, 4 - phase), 0, 1)
    return (value * (1 - saturation * ramp)).astype(np.float32)
