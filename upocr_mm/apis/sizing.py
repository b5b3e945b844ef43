"""Run a model on pictures of any size."""
from __future__ import annotations
from typing import Iterator, Sequence

import cv2
import mmcv
import numpy as np

from .picture import Picture
from .predictors import BasePredictor
from .regions import text_height
from .tiling import predict_tiles, to_bytes

SEGMENTATION = 'text_segmentation'
# Pictures up to this multiple of the size of the training are resized.
LITTLE = 1.5
# Text that is lower than this, in pixels of the network, is too small.
MIN_HEIGHT = 10
# Where its output is above, a pixel is text (paper, appendix A.5).
THRESHOLD = 0.4


def predict_pictures(pictures: Sequence[Picture], predictor: BasePredictor,
                     tasks: Sequence[str], size: int, sizing: str,
                     overlap: int) -> list[tuple[dict[str, np.ndarray], str]]:
    """Predict some pictures; those that are resized in one pass.

    Args:
        pictures: The pictures, as many as fit into one pass of the model.
        predictor: The model.
        tasks: The tasks.
        size: Side of the pictures that the model takes.
        sizing: ``'auto'``, ``'resize'`` or ``'tile'``, see
            :class:`~upocr_mm.apis.options.PredictOptions`.
        overlap: Pixels that neighboring tiles share.

    Returns:
        For each picture and task a uint8 array (H, W, 3), RGB; and what was
        done with the picture, and why.
    """
    choices = [_choose(p, predictor, size, sizing) for p in pictures]
    whole = [p for p, (kind, _) in zip(pictures, choices) if kind != 'tile']
    asked = list(tasks)
    if any(kind == 'look' for kind, _ in choices):
        asked = list(dict.fromkeys([*tasks, SEGMENTATION]))
    outputs = iter(_predict_whole(whole, predictor, asked, size))
    results = []
    for picture, (kind, reason) in zip(pictures, choices):
        small = {} if kind == 'tile' else next(outputs)
        if kind == 'look':
            kind, reason = _by_text_height(small[SEGMENTATION])
        if kind == 'tile':
            images = predict_tiles(picture.rgb, lambda x: predictor(x, tasks),
                                   size, overlap, len(pictures))
        else:
            images = {
                task: _enlarge(small[task], picture.size)
                for task in tasks
            }
        results.append((images, f'{kind}: {reason}' if reason else kind))
    return results


def _choose(picture: Picture, predictor: BasePredictor, size: int,
            sizing: str) -> tuple[str, str]:
    """``'resize'``, ``'tile'``, or ``'look'`` at the text first; and why."""
    if sizing != 'auto':
        return sizing, ''
    if max(picture.size) <= LITTLE * size:
        return 'resize', 'small picture'
    if SEGMENTATION in predictor.tasks:
        return 'look', ''
    return 'tile', 'large picture'


def _by_text_height(output: np.ndarray) -> tuple[str, str]:
    """``'resize'`` or ``'tile'``, by the text in the resized picture."""
    height = text_height(output.clip(0, 1).mean(0) > THRESHOLD)
    if height is None:
        return 'tile', 'no text is seen in the resized picture'
    reason = f'text is {height:.0f} pixels high in the resized picture'
    return 'tile' if height < MIN_HEIGHT else 'resize', reason


def _predict_whole(pictures: Sequence[Picture], predictor: BasePredictor,
                   tasks: Sequence[str],
                   size: int) -> Iterator[dict[str, np.ndarray]]:
    """Outputs (3, size, size) of resized pictures, not clamped."""
    if not pictures:
        return
    # As in the training (PairedResize): it looks at every pixel, so that fine
    # lines of large pictures do not turn into dots.
    images = np.stack([
        mmcv.imresize(
            np.ascontiguousarray(p.rgb), (size, size),
            interpolation='bicubic',
            backend='pillow') for p in pictures
    ])
    images = images.transpose(0, 3, 1, 2).astype(np.float32) / 255
    outputs = predictor(images, tasks)
    for i in range(len(pictures)):
        yield {task: output[i] for task, output in outputs.items()}


def _enlarge(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An output at the size of its picture, uint8 (H, W, 3)."""
    image = cv2.merge(list(image))
    if image.shape[:2] != size:
        image = cv2.resize(
            image.clip(0, 1), size[::-1], interpolation=cv2.INTER_LINEAR)
    return to_bytes(image)
