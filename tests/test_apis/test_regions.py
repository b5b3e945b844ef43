from __future__ import annotations

import numpy as np
import pytest

from upocr_mm.apis.regions import find_regions, text_height


def test_boxes_by_hand() -> None:
    mask = np.zeros((40, 60), bool)
    mask[20:30, 5:10] = mask[2:8, 30:50] = True
    mask[35, 55] = True  # too small
    scores = np.where(mask, 51, 0)
    scores[2:8, 30:50] = 255
    first, second = find_regions(mask, scores)
    assert first['box'] == [30, 2, 50, 8] and first['area'] == 120
    assert first['score'] == 1 and second['score'] == 0.2
    assert second['box'] == [5, 20, 10, 30]
    xs, ys = zip(*first['polygon'])
    assert (min(xs), max(xs), min(ys), max(ys)) == (30, 49, 2, 7)
    assert find_regions(~mask & mask, scores) == []


def test_characters_join_to_words() -> None:
    mask = np.zeros((20, 60), bool)
    mask[5:15, 5:9] = mask[5:15, 12:16] = mask[5:15, 40:44] = True
    assert len(find_regions(mask, mask * 255)) == 3
    word, other = find_regions(mask, mask * 255, join=6)
    assert word['box'] == [5, 5, 16, 15] and word['area'] == 80
    assert other['box'] == [40, 5, 44, 15]


def test_a_region_in_the_hole_of_another_one() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:35, 5:35] = True
    mask[10:30, 10:30] = False
    mask[18:22, 18:22] = True
    ring, dot = find_regions(mask, mask * 255)
    assert ring['box'] == [5, 5, 35, 35] and ring['area'] == 900 - 400
    assert dot['box'] == [18, 18, 22, 22] and dot['area'] == 16


def test_joining_adds_nothing_at_the_border() -> None:
    """Closing without a margin would fill up to the border."""
    mask = np.zeros((30, 30), bool)
    mask[2:10, 3:12] = True
    region, = find_regions(mask, mask * 255, join=8)
    assert region['box'] == [3, 2, 12, 10] and region['area'] == 72


def test_text_height() -> None:
    mask = np.zeros((100, 100), bool)
    assert text_height(mask) is None
    mask[0:30, 0:10] = mask[50:58, 0:5] = mask[50:58, 10:15] = True
    # of 20 columns of text 10 are 8 high
    assert text_height(mask) == 8
    mask[50:58, 0:13] = False  # of 12 columns 2
    assert text_height(mask) == pytest.approx(30)
