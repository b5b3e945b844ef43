"""Generators behind the reference numbers in ``tests/data/parity_*``."""
from __future__ import annotations
import zlib
from typing import Sequence

import numpy as np


def parity_image(seed: int, h: int, w: int) -> np.ndarray:
    """Draw the smooth random image of a seed.

    Args:
        seed: Seed of the image.
        h: Height in pixels.
        w: Width in pixels.

    Returns:
        float32 RGB image of shape (3, h, w) that spans [0, 1].
    """
    rng = np.random.RandomState(seed)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float64)
    image = np.zeros((3, h, w))
    for channel in image:
        for _ in range(6):
            fy, fx = rng.uniform(0, .12), rng.uniform(0, .12)
            phase = rng.uniform(0, 2 * np.pi)
            amplitude = rng.uniform(.3, 1)
            channel += amplitude * np.cos(fy * yy + fx * xx + phase)
    image -= image.min()
    image /= image.max()
    return image.astype(np.float32)


def parity_value(name: str, shape: Sequence[int]) -> np.ndarray:
    """Fill a parameter as a function of its reference name and shape.

    Args:
        name: Name of the parameter in the reference state dict.
        shape: Shape of the parameter.

    Returns:
        float32 array of that shape.
    """
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    z = rng.standard_normal(int(np.prod(shape))).reshape(shape)
    leaf = name.rsplit('.', 1)[-1]
    if leaf == 'logit_scale':
        value = np.log(10) + 0.3 * z
    elif leaf in ('q_bias', 'v_bias', 'bias'):
        value = 0.1 * z
    elif len(shape) == 1:
        value = 0.5 + 0.1 * z
    elif name == 'task_prompt.task_embedding.weight':
        value = z
    else:
        value = z / np.sqrt(np.prod(shape[1:]))
    return value.astype(np.float32)
