"""Tiny data sets, and ways to spoil them."""
from __future__ import annotations
import io
import json
import os
from pathlib import Path
from typing import Callable

import numpy as np
from PIL import Image

SHAPE = (24, 32)  # height, width
Make = Callable[[Path], None]


def noise(seed: int = 0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """A picture, uint8 (H, W, 3)."""
    random = np.random.RandomState(seed)
    return random.randint(0, 256, (*shape, 3)).astype(np.uint8)


def save(path: Path, array: np.ndarray, **options: object) -> None:
    """Write an array as a picture; the ending tells the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array.astype(np.uint8)).save(path, **options)


def mask(text: int = 0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """A mask with text in a corner."""
    values = np.full(shape, 255 - text, np.uint8)
    values[4:10, 4:20] = text
    return values


def scut(folder: Path) -> None:
    """Text removal: two pictures to train, two to test."""
    for split in 'train', 'test':
        for i in range(2):
            seed = i + 10 * (split == 'test')
            root = folder / 'data' / split
            save(root / f'image/{i}.png', noise(seed))
            save(root / f'label/{i}.png', noise(seed + 50))
            save(root / f'mask/{i}.png', mask())


def textseg(folder: Path) -> None:
    """Text segmentation: three ids in three splits."""
    label = np.zeros(SHAPE)
    label[4:10, 4:20] = 100
    for i, name in enumerate('abc'):
        save(folder / f'data/image/{name}.png', noise(i))
        save(folder / f'data/semantic_label/{name}_maskfg.png', label)
    splits = dict(train=['a'], val=['b'], test=['c'])
    (folder / 'data/split.json').write_text(json.dumps(splits))


def ic13(folder: Path) -> None:
    """Tampered text detection: two pictures in each split."""
    for split in 'train', 'test':
        for i in range(2):
            seed = i + 10 * (split == 'test')
            save(folder / f'data/{split}_img/{i}.png', noise(seed))
            text(f'data/{split}_gt/{i}.txt', '2,3,10,8,1\n8,5,20,12,2\n')(
                folder)


def paired(folder: Path) -> None:
    """Pictures and target pictures."""
    for i in range(2):
        save(folder / f'data/image/{i}.png', noise(i))
        save(folder / f'data/label/{i}.png', noise(50 + i))


def made(*steps: Make) -> Make:
    """Do several things, one after the other."""

    def make(folder: Path) -> None:
        for step in steps:
            step(folder)

    return make


def nothing(folder: Path) -> None:
    """An empty folder."""


def text(path: str, content: str, encoding: str = 'utf-8') -> Make:
    """Write a text file."""

    def make(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode(encoding))

    return make


def content(path: str, data: bytes) -> Make:
    """Write a file."""

    def make(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    return make


def picture(path: str, array: np.ndarray, **options: object) -> Make:
    """Write a picture."""
    return lambda folder: save(folder / path, array, **options)


def encoded(path: str, kind: str, array: np.ndarray | None = None) -> Make:
    """Write a picture of a format, whatever the ending says."""
    stream = io.BytesIO()
    Image.fromarray(noise() if array is None else array).save(stream, kind)
    return content(path, stream.getvalue())


def folder_at(path: str) -> Make:
    """Make a folder."""
    return lambda folder: (folder / path).mkdir(parents=True)


def fifo(path: str) -> Make:
    """Make a pipe, whose opening waits for ever."""

    def make(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        os.mkfifo(folder / path)

    return make


def dangling(path: str) -> Make:
    """Make a link to nothing."""

    def make(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to('nowhere')

    return make


def remove(path: str) -> Make:
    """Remove a file."""
    return lambda folder: (folder / path).unlink()


def moved(path: str, target: str) -> Make:
    """Rename a file or a folder."""
    return lambda folder: (folder / path).rename(folder / target)


def cut(path: str, left: float = 0.5) -> Make:
    """Cut the end of a file off."""

    def make(folder: Path) -> None:
        data = (folder / path).read_bytes()
        (folder / path).write_bytes(data[:int(len(data) * left)])

    return make


def overwritten(path: str, size: int = 200) -> Make:
    """Damage a file in its middle."""

    def make(folder: Path) -> None:
        data = bytearray((folder / path).read_bytes())
        middle = len(data) // 2
        data[middle:middle + size] = bytes(size)
        (folder / path).write_bytes(data)

    return make
