from __future__ import annotations
from pathlib import Path

import cv2
import numpy as np

from .layout_writer import LayoutWriter, save_jpeg, to_uint8
from .placed_word import PlacedWord
from .textures import sensor_noise

REAL, TAMPERED = 1, 2
# Share of photographs in which nothing was tampered with.
AUTHENTIC_RATE = 0.05


class TamperingWriter(LayoutWriter):
    """Tampered text detection in the layout of Tampered-IC13.

    ``{train,test}_img/img_<n>.jpg`` and ``{train,test}_gt/img_<n>.txt`` with
    a line ``x1,y1,x2,y2,label`` for each word: integer corners, inclusive;
    label 1 real, 2 tampered.
    """

    root = 'TamperedTextDetection/Tampered-IC13'
    splits = ('train', 'test')
    folders = ('train_img', 'train_gt', 'test_img', 'test_gt')

    def write(self, root: Path, split: str, index: int,
              rng: np.random.Generator) -> None:
        image, boxes = self.render(rng)
        name = f'img_{index + 1}'
        quality = int(rng.integers(94, 99))
        save_jpeg(root / f'{split}_img' / f'{name}.jpg', image, quality)
        lines = [','.join(map(str, box)) + '\n' for box in boxes]
        gt = root / f'{split}_gt' / f'{name}.txt'
        gt.write_text(''.join(lines), encoding='utf-8')

    def render(
        self, rng: np.random.Generator
    ) -> tuple[np.ndarray, list[tuple[int, int, int, int, int]]]:
        """Render a photograph some words of which an editor has replaced.

        The whole photograph carries the grain of a sensor. What the editor
        drew does not: there the background is smoother, the word a little
        blurred and the grain gone or of another kind.

        Args:
            rng: Source of randomness.

        Returns:
            The image, (H, W, 3) RGB uint8, and the boxes (x1, y1, x2, y2,
            label) with inclusive corners.
        """
        background, words = self.composer.compose(
            rng, max_angle=4., effect_rate=0.2)
        labels = self._labels(rng, len(words))
        image = background.copy()
        for word, label in zip(words, labels):
            if label == REAL:
                word.draw_on(image)
        image += sensor_noise(rng, image.shape[:2], rng.uniform(0.028, 0.045))
        boxes = []
        for word, label in zip(words, labels):
            x1, y1, x2, y2 = self._padded_box(word, image.shape[:2])
            if label == TAMPERED:
                window = np.s_[y1:y2 + 1, x1:x2 + 1]
                image[window] = self._edit(rng, background, word)[window]
            boxes.append((x1, y1, x2, y2, label))
        return to_uint8(image), boxes

    @staticmethod
    def _labels(rng: np.random.Generator, count: int) -> list[int]:
        """About half of the words tampered, both labels when possible."""
        if count < 2:
            return rng.choice([REAL, TAMPERED], count).tolist()
        if rng.random() < AUTHENTIC_RATE:
            return [REAL] * count
        labels = rng.choice([REAL, TAMPERED], count)
        labels[:2] = REAL, TAMPERED
        return rng.permutation(labels).tolist()

    @staticmethod
    def _padded_box(word: PlacedWord,
                    size: tuple[int, int]) -> tuple[int, int, int, int]:
        x1, y1, x2, y2 = word.box
        return (max(x1 - 1, 0), max(y1 - 1, 0), min(x2 + 1, size[1] - 1),
                min(y2 + 1, size[0] - 1))

    @staticmethod
    def _edit(rng: np.random.Generator, background: np.ndarray,
              word: PlacedWord) -> np.ndarray:
        """The whole picture as the editor would draw it around a word."""
        size = background.shape[:2]
        scale = min(size) / 128
        edited = cv2.GaussianBlur(background, (0, 0),
                                  rng.uniform(1.5, 3) * scale)
        edited += rng.uniform(-0.04, 0.04)  # never quite the same tone
        word.draw_on(edited)
        edited = cv2.GaussianBlur(edited, (0, 0), rng.uniform(0.6, 1))
        kind = rng.integers(3)
        if kind == 0:  # a little grain, much too weak
            edited += sensor_noise(rng, size, rng.uniform(0, 0.008))
        elif kind == 1:  # coarse grain
            grain = sensor_noise(rng, size, 1)
            grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(1.2, 2))
            edited += rng.uniform(0.005, 0.015) * grain / grain.std()
        else:  # the checkerboard of an upsampling network
            rows, columns = np.indices(size)
            sign = 1 - 2 * ((rows + columns) % 2)
            edited += rng.uniform(0.006, 0.014) * sign[..., None]
        return edited
