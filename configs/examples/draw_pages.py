"""Synthetic old pages with their ink, to try the example without a download.

    python configs/examples/draw_pages.py data/DocumentBinarization
"""
from __future__ import annotations
import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from upocr_mm.synthesis.font_pool import FontPool, load_font
from upocr_mm.synthesis.texts import Texts
from upocr_mm.synthesis.textures import sensor_noise, smooth_noise
from upocr_mm.utils import UsageError, one_sentence, write_whole


def draw_ink(rng: np.random.Generator, side: int) -> np.ndarray:
    """Lines of text: the ink, float32 (side, side) in [0, 1]."""
    sheet = Image.new('L', (side, side))
    path, size = FontPool().pick(rng), int(rng.integers(18, 31))
    texts = Texts(rng, 'en_US')
    for y in range(int(rng.integers(2, 10)), side - 10, int(1.4 * size)):
        line = ' '.join(texts.word() for _ in range(4))
        ImageDraw.Draw(sheet).text((4, y), line, 255, load_font(path, size))
    return np.asarray(sheet, np.float32) / 255


def draw_page(rng: np.random.Generator,
              side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A page and its ink, uint8 (side, side, 3) RGB and (side, side)."""
    size = (side, side)
    ink, behind = draw_ink(rng, side), draw_ink(rng, side)[:, ::-1]
    light = 0.6 + 0.4 * smooth_noise(rng, size, octaves=1)
    stains = (smooth_noise(rng, size) > 0.7).astype(np.float32)
    page = light - 0.2 * cv2.GaussianBlur(stains, (0, 0), 2)
    page *= 1 - rng.uniform(0.5, 0.8) * ink - 0.15 * behind
    image = page[..., None] * (1, 0.94, 0.8) + sensor_noise(rng, size, 0.02)
    truth = np.where(ink > 0.5, 0, 255)
    return (255 * image.clip(0, 1)).astype(np.uint8), truth.astype(np.uint8)


def draw_pages(root: Path, num_train: int = 16, num_test: int = 16) -> None:
    """Draw the splits ``train`` and ``test`` into the new folder ``root``.

    Raises:
        UsageError: It is a file or not empty.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(f'{root} must be a new or empty folder')
    counts = dict(train=num_train, test=num_test)
    for seed, (split, count) in enumerate(counts.items()):
        folder = root / split
        rng = np.random.default_rng(seed)
        for i in range(count):
            image, truth = draw_page(rng)
            for name, picture in ((f'{i:02d}.png', image[..., ::-1]),
                                  (f'{i:02d}_gt.png', truth)):
                _, data = cv2.imencode('.png', picture)
                write_whole(data.tobytes(), folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root', type=Path, help='folder of the data set')
    root = parser.parse_args().root
    with one_sentence():
        draw_pages(root)
    print(f'{root}: train and test with 16 pages each')


if __name__ == '__main__':
    main()
