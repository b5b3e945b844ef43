from __future__ import annotations

import numpy as np
import pytest
from mmengine.dataset import Compose

from upocr_mm.datasets import PackImageToImageInputs, RandomCellMask
from upocr_mm.datasets.seeded_index import seeded_randomness


def cells(transform: RandomCellMask, seed: int, shape=(128, 160)):
    with seeded_randomness(seed):
        return transform(dict(img=np.zeros((*shape, 3), np.uint8)))


def test_share_and_randomness() -> None:
    """ceil(0.6 * 20) of 4 x 5 cells, a function of the seed."""
    transform = RandomCellMask(32, 0.6)
    found = [cells(transform, seed)['masked_cells'] for seed in range(40)]
    assert all(f.shape == (4, 5) and f.sum() == 12 for f in found)
    assert all(f.dtype == np.uint8 for f in found)
    for f, seed in zip(found[:3], range(3)):
        assert np.array_equal(f, cells(transform, seed)['masked_cells'])
        order = np.random.RandomState(seed).permutation(20)
        assert set(np.flatnonzero(f)) == set(order[:12])
    # any cell, about equally often
    assert 0.3 < np.mean(found, 0).min() and np.mean(found, 0).max() < 0.9
    assert cells(RandomCellMask(64, 0.1), 0,
                 (64, 192))['masked_cells'].sum() == 1


def test_packed() -> None:
    results = cells(Compose([RandomCellMask(32), PackImageToImageInputs()]), 0)
    assert results['data_samples'].masked_cells.data.shape == (1, 4, 5)


def test_errors() -> None:
    with pytest.raises(ValueError, match='multiple of 4'):
        RandomCellMask(30)
    with pytest.raises(ValueError, match=r'ratio must be in \(0, 1\]'):
        RandomCellMask(32, 0)
    with pytest.raises(ValueError, match='of 32, but got an image of 100x64'):
        cells(RandomCellMask(), 0, (64, 100))
