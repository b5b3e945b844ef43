from __future__ import annotations
import random
from contextlib import contextmanager
from typing import Iterator, NamedTuple

import numpy as np
import torch


class SeededIndex(NamedTuple):
    """Index of a training sample and the seed of its augmentation.

    Args:
        index: Index of the sample in the data set.
        seed: Seed of the augmentation, 0 to 2**32 - 1.
    """
    index: int
    seed: int


@contextmanager
def seeded_randomness(seed: int) -> Iterator[None]:
    """Seed the global generators of Python, NumPy and torch (CPU) for a while,
    then put back their former states.

    Transforms of mmcv, mmseg and mmpretrain use these generators. With a seed
    for each sample, augmentation depends neither on the number of workers or
    ranks nor on what was sampled before.

    Args:
        seed: 0 to 2**32 - 1.
    """
    # Not torch.manual_seed, which reseeds the accelerators as well.
    generator = torch.default_generator
    python_state = random.getstate()
    numpy_state = np.random.get_state()
    torch_state = generator.get_state()
    random.seed(seed)
    np.random.seed(seed)
    generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        generator.set_state(torch_state)
