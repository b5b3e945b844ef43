from __future__ import annotations
from collections import deque
from typing import Callable, Iterator

import cv2
import numpy as np

# float32 images (N, 3, S, S) to one such array per task.
Predict = Callable[[np.ndarray], 'dict[str, np.ndarray]']


def tile_starts(length: int, size: int, overlap: int) -> list[int]:
    """Where the tiles along one side begin.

    Args:
        length: Length of the side in pixels.
        size: Side of a tile.
        overlap: Pixels that neighbors share at least.

    Returns:
        Beginnings, evenly spread, the first at 0, the last tile ending at
        ``length``; a side shorter than a tile has one.
    """
    if length <= size:
        return [0]
    count = -(-(length - overlap) // (size - overlap))
    return [round(i * (length - size) / (count - 1)) for i in range(count)]


def blend_weights(starts: list[int], index: int, size: int,
                  overlap: int) -> np.ndarray:
    """Weights of one tile along one side; those of all tiles sum to 1.

    Neighbors blend linearly over the middle of what they share, at most
    ``overlap`` pixels, so that the borders of tiles, where the model sees
    least around it, count for nothing.

    Args:
        starts: Beginnings of the tiles.
        index: Which tile.
        size: Side of a tile.
        overlap: Pixels to blend over.

    Returns:
        float32 array (size,).
    """
    steps = [b - a for a, b in zip(starts, starts[1:])]
    # Of more than two tiles three may share a pixel; two blends may not.
    width = min([overlap, *steps] if len(steps) >
                1 else [overlap, *(size - step for step in steps)])
    weights = np.ones(size, np.float32)
    positions = np.arange(size, dtype=np.float32) + starts[index] + 0.5
    for first, sign in ((index - 1, 1), (index, -1)):
        if 0 <= first < len(steps):
            shared = size - steps[first]
            begin = starts[first + 1] + (shared - width) // 2
            rise = ((positions - begin) / max(width, 1e-6)).clip(0, 1)
            weights *= rise if sign > 0 else 1 - rise
    return weights


def predict_tiles(rgb: np.ndarray, predict: Predict, size: int, overlap: int,
                  batch_size: int) -> dict[str, np.ndarray]:
    """Predict a picture of any size in tiles.

    Tiles overlap, and are blended in RGB. Beside the pictures themselves
    (uint8), what is kept at a time is one row of tiles.

    Args:
        rgb: uint8 array (H, W, 3), RGB.
        predict: The model: float32 RGB in [0, 1] of shape (N, 3, size, size)
            to an array of this shape for each task.
        size: Side of a tile.
        overlap: Pixels that neighbors share at least; at most half a tile.
        batch_size: Tiles in one call, at most.

    Returns:
        For each task a uint8 array (H, W, 3), RGB.
    """
    height, width = rgb.shape[:2]
    tops = tile_starts(height, size, overlap)
    lefts = tile_starts(width, size, overlap)
    results: dict[str, np.ndarray] = {}
    rows: dict[str, np.ndarray] = {}
    tiles = _predicted(rgb, predict, size, tops, lefts, batch_size)
    for (row, column), images in tiles:
        weights = np.multiply.outer(
            blend_weights(tops, row, size, overlap),
            blend_weights(lefts, column, size, overlap))
        top, left = tops[row], lefts[column]
        h, w = min(size, height), min(size, width)
        for task, image in images.items():
            if task not in results:
                results[task] = np.empty((height, width, 3), np.uint8)
                rows[task] = np.zeros((h, width, 3), np.float32)
            rows[task][:,
                       left:left + w] += (image[:, :h, :w] *
                                          weights[:h, :w]).transpose(1, 2, 0)
        if column == len(lefts) - 1:
            # No later tile reaches above the next row.
            done = (tops[row + 1] if row + 1 < len(tops) else height) - top
            for task, sums in rows.items():
                results[task][top:top + done] = to_bytes(sums[:done])
                sums[:h - done] = sums[done:].copy()
                sums[h - done:] = 0
    return results


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Values in [0, 1], or a little outside, to uint8, rounded.

    Args:
        image: float32 array (H, W, 3).

    Returns:
        uint8 array (H, W, 3).
    """
    # Rounds half to even and clamps, all in one pass.
    return cv2.multiply(image, (255., ) * 4, dtype=cv2.CV_8U)


def _predicted(
    rgb: np.ndarray, predict: Predict, size: int, tops: list[int],
    lefts: list[int], batch_size: int
) -> Iterator[tuple[tuple[int, int], dict[str, np.ndarray]]]:
    """Place and predictions, (3, size, size) each, of all tiles in turn."""
    places = deque((row, column) for row in range(len(tops))
                   for column in range(len(lefts)))
    while places:
        batch = [places.popleft() for _ in range(min(batch_size, len(places)))]
        images = np.stack([
            _cut(rgb, tops[row], lefts[column], size) for row, column in batch
        ])
        outputs = predict(images)
        for i, place in enumerate(batch):
            yield place, {task: image[i] for task, image in outputs.items()}


def _cut(rgb: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    """One tile, (3, size, size) in [0, 1]; small pictures are continued."""
    tile = rgb[top:top + size, left:left + size]
    missing = [(0, size - side) for side in tile.shape[:2]]
    if any(after for _, after in missing):
        tile = np.pad(tile, [*missing, (0, 0)], mode='edge')
    return tile.transpose(2, 0, 1).astype(np.float32) / 255
