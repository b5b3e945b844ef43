from __future__ import annotations
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from .layout_writer import LayoutWriter, save_jpeg, to_uint8
from .placed_word import PlacedWord
from .textures import sensor_noise

# Values of the files, which TextSegDataset maps to classes.
WORD, EFFECT, IGNORED = 100, 200, 255
# Share of images with a word that nobody can read and that is ignored.
ILLEGIBLE_RATE = 0.15


class SegmentationWriter(LayoutWriter):
    """Text segmentation in the layout of TextSeg.

    ``image/<id>.jpg``, ``semantic_label/<id>_maskfg.png`` (0 background, 100
    word, 200 word effect, 255 ignored) and ``split.json`` with the ids of
    train, val and test.
    """

    root = 'TextSegmentation/TextSeg'
    splits = ('train', 'val', 'test')
    folders = ('image', 'semantic_label')

    def write(self, root: Path, split: str, index: int,
              rng: np.random.Generator) -> None:
        image, label = self.render(rng)
        name = self._image_id(split, index)
        save_jpeg(root / 'image' / f'{name}.jpg', image)
        Image.fromarray(label).save(root / 'semantic_label' /
                                    f'{name}_maskfg.png')

    def finish(self, root: Path, counts: dict[str, int]) -> None:
        ids = {
            split: [self._image_id(split, index) for index in range(count)]
            for split, count in counts.items()
        }
        (root / 'split.json').write_text(
            json.dumps(ids, indent=1) + '\n', encoding='utf-8')

    def render(self,
               rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Render an image and the exact mask of its strokes.

        Args:
            rng: Source of randomness.

        Returns:
            The image, (H, W, 3) RGB uint8, and the label, (H, W) uint8:
            letters where they hide more than half of a pixel, and so their
            effects where there is no letter.
        """
        image, words = self.composer.compose(rng, effect_rate=0.5)
        label = np.zeros(image.shape[:2], np.uint8)
        if len(words) > 2 and rng.random() < ILLEGIBLE_RATE:
            self._draw_illegible(image, label, words)
        for word in words:
            word.draw_on(image)
            region = label[word.window]
            region[word.sprite.effect > 0.5] = EFFECT
            region[word.sprite.glyph > 0.5] = WORD
        noise = sensor_noise(rng, label.shape, rng.uniform(0, 0.02))
        return to_uint8(image + noise), label

    @staticmethod
    def _draw_illegible(image: np.ndarray, label: np.ndarray,
                        words: list[PlacedWord]) -> None:
        """Smear the last of the words and take it from the list."""
        word = words.pop()
        word.draw_on(image)
        height = word.sprite.glyph.shape[0]
        region = image[word.window]
        image[word.window] = cv2.GaussianBlur(region, (0, 0), height / 6)
        label[word.window] = IGNORED

    @staticmethod
    def _image_id(split: str, index: int) -> str:
        return f'{split}_{index + 1:05d}'
