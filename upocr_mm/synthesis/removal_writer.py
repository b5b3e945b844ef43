from __future__ import annotations
from pathlib import Path

import cv2
import numpy as np

from .layout_writer import LayoutWriter, save_jpeg, to_uint8
from .textures import sensor_noise

# SCUT-EnsText has a few test images without text.
EMPTY_TEST_RATE = 0.02


class RemovalWriter(LayoutWriter):
    """Text removal in the layout of SCUT-EnsText.

    ``{train,test}/{image,label,mask}/img_<n>.jpg`` and
    ``{train,test}/all_gts/img_<n>.txt``. In the masks text is 0 and
    background 255; the polygons are integers, one polygon a line.
    """

    root = 'TextRemoval/SCUT-EnsText'
    splits = ('train', 'test')
    folders = tuple(f'{split}/{folder}' for split in splits
                    for folder in ('image', 'label', 'mask', 'all_gts'))

    def write(self, root: Path, split: str, index: int,
              rng: np.random.Generator) -> None:
        empty = split == 'test' and rng.random() < EMPTY_TEST_RATE
        image, label, mask, polygons = self.render(rng, empty)
        name = f'img_{index + 1}'
        for folder, picture in (('image', image), ('label', label), ('mask',
                                                                     mask)):
            save_jpeg(root / split / folder / f'{name}.jpg', picture)
        lines = [','.join(map(str, p.ravel())) + '\n' for p in polygons]
        gts = root / split / 'all_gts' / f'{name}.txt'
        gts.write_text(''.join(lines), encoding='utf-8')

    def render(
        self,
        rng: np.random.Generator,
        empty: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
        """Render an image with and without its text.

        Args:
            rng: Source of randomness.
            empty: Draw no text.

        Returns:
            The image and the same without text, both (H, W, 3) RGB uint8 and
            equal where the mask is 255; the mask, (H, W) uint8; the polygons
            of the words, each (4, 2) int x, y.
        """
        label, words = self.composer.compose(rng)
        words = [] if empty else words
        image = label.copy()
        mask = np.full(label.shape[:2], 255, np.uint8)
        polygons = [word.polygon(label.shape[:2]) for word in words]
        for word, polygon in zip(words, polygons):
            word.draw_on(image)
            cv2.fillPoly(mask, [polygon.astype(np.int32)], 0)
        noise = sensor_noise(rng, label.shape[:2], rng.uniform(0, 0.012))
        return to_uint8(image + noise), to_uint8(label + noise), mask, polygons
