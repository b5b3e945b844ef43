from __future__ import annotations

import numpy as np
import pytest

from upocr_mm.apis.compositing import (change_mask, composite, grow,
                                       shapes_to_mask)


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return tuple(generator.integers(0, 256, (2, 40, 50, 3), np.uint8))


@pytest.mark.parametrize('feather', [0, 1, 3])
def test_outside_of_the_mask_nothing_changes(pair, feather: int) -> None:
    before, after = pair
    mask = np.zeros((40, 50), bool)
    mask[10:30, 15:35] = True
    result = composite(before, after, mask, feather)
    assert np.array_equal(result[~mask], before[~mask])
    # far inside it is the new picture
    assert np.array_equal(result[18:22, 23:27], after[18:22, 23:27])
    assert (result[mask] != before[mask]).any(1).mean() > 0.9


def test_feather_by_hand() -> None:
    before = np.zeros((9, 9, 3), np.uint8)
    after = np.full((9, 9, 3), 200, np.uint8)
    mask = np.zeros((9, 9), bool)
    mask[2:7] = True  # up to the borders of the picture on both sides
    result = composite(before, after, mask, 1)
    # a distance of 1 of 2, then of 2 of 2
    assert result[:, 4, 0].tolist() == [0, 0, 100, 200, 200, 200, 100, 0, 0]
    assert result[:, 0, 0].tolist() == result[:, 4, 0].tolist()


def test_whole_and_empty_mask(pair) -> None:
    before, after = pair
    full = np.ones((40, 50), bool)
    assert np.array_equal(composite(before, after, full, 0), after)
    assert np.array_equal(composite(before, after, ~full, 2), before)


def test_grow_by_hand() -> None:
    mask = np.zeros((7, 7), bool)
    mask[3, 3] = True
    assert grow(mask, 0) is mask
    grown = grow(mask, 2)
    assert grown[3].tolist() == [False] + 5 * [True] + [False]
    assert not grown[1, 1] and grown[1, 3]


def test_change_mask() -> None:
    before = np.full((20, 20, 3), 100, np.uint8)
    after = before.copy()
    after[5:9, 5:9] += 40
    after[15, 15] += 40  # a single pixel is noise
    expected = np.zeros((20, 20), bool)
    expected[5:9, 5:9] = True
    assert np.array_equal(change_mask(before, after, 32), expected)
    assert not change_mask(before, after, 40).any()


def test_shapes() -> None:
    mask = shapes_to_mask([[1, 2, 3, 4], [[6, 0], [9, 0], [9, 3]]], (6, 8),
                          'regions')
    assert np.array_equal(mask[2:5, 1:4], np.ones((3, 3), bool))
    assert mask[0, 6] and not mask[2, 6] and mask.sum() < 9 + 8


@pytest.mark.parametrize('shape', [
    [1, 2, 3],
    [3, 2, 1, 4],
    [[1, 2], [3, 4]],
    [[1, 2], [3, 4], [5]],
    ['a', 'b', 'c', 'd'],
    [0, 0, float('nan'), 1],
])
def test_bad_shapes(shape: list) -> None:
    with pytest.raises(ValueError, match='keep must hold boxes'):
        shapes_to_mask([shape], (5, 5), 'keep')
