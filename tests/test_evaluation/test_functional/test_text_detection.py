import pytest

from upocr_mm.evaluation.functional import (match_deteval, match_ic15,
                                            sum_matches, to_polygon)


def box(x1, y1, x2, y2):
    return to_polygon([x1, y1, x2, y2])


def test_shapes():
    # an L of 10x10 without its upper right quarter
    points = [0, 0, 5, 0, 5, 5, 10, 5, 10, 10, 0, 10]
    assert to_polygon(points).area == 75
    assert to_polygon(points, 'aabb').area == 100
    # a diamond
    points = [5, 0, 10, 5, 5, 10, 0, 5]
    assert to_polygon(points, 'aabb').area == 100
    assert to_polygon(points, 'minarect').area == pytest.approx(50)
    # an outline that crosses itself, and one without area
    assert to_polygon([0, 0, 4, 4, 4, 0, 0, 4]).area == pytest.approx(8)
    assert to_polygon([0, 0, 1, 1, 2, 2], 'minarect').area == 0
    assert to_polygon([4, 6, 1, 2]).bounds == (1, 2, 4, 6)
    with pytest.raises(ValueError, match="got 'circle'"):
        to_polygon(points, 'circle')
    with pytest.raises(ValueError, match='but got 5'):
        to_polygon([1, 2, 3, 4, 5])


def test_ic15_needs_more_than_half():
    gt = box(0, 0, 10, 10)
    assert match_ic15([gt], [box(0, 0, 10, 5)]).recalled == 0  # exactly .5
    assert match_ic15([gt], [box(0, 0, 10, 5.1)]).recalled == 1


def test_ic15_is_one_to_one():
    gt = box(0, 0, 10, 10)
    # the second detection fits better, but the first comes first
    matches = match_ic15([gt, gt], [box(0, 0, 10, 8), gt, gt])
    assert matches == (2, 2, 2, 3)
    assert matches.scores() == pytest.approx(dict(R=1, P=2 / 3, F=.8))


def test_ic15_ignores():
    cared, uncared = box(0, 0, 10, 10), box(20, 0, 30, 10)
    # the second detection lies more than half in the ignored text, the third
    # exactly half
    dets = [box(0, 0, 10, 10), box(22, 0, 31, 10), box(25, 0, 35, 10)]
    matches = match_ic15([cared, uncared], dets, ignored=[False, True])
    assert matches == (1, 1, 1, 2)
    # An ignored text that would match is no match and takes no detection.
    assert match_ic15([uncared], [uncared], ignored=[True]) == (0, 0, 0, 0)
    with pytest.raises(ValueError, match='each of the 2'):
        match_ic15([cared, uncared], dets, ignored=[True])


def test_nothing_there():
    gt = box(0, 0, 10, 10)
    for match in match_ic15, match_deteval:
        assert match([], []) == (0, 0, 0, 0)
        assert match([gt], []) == (0, 0, 1, 0)
        assert match([], [gt]) == (0, 0, 0, 1)
        assert match([], []).scores() == dict(R=0, P=0, F=0)


def test_scores_are_of_the_whole_set():
    gt = box(0, 0, 10, 10)
    total = sum_matches([
        match_ic15([gt], [gt]),
        match_ic15([gt] * 3, []),
        match_ic15([], [gt])
    ])
    assert total == (1, 1, 4, 2)
    assert total.scores() == pytest.approx(dict(R=.25, P=.5, F=1 / 3))


def test_deteval_one_to_one():
    gt = box(0, 0, 100, 10)
    # covers .8 of the text and .4 of the detection is text
    assert match_deteval([gt], [box(20, 0, 100, 20)]) == (1, 1, 1, 1)
    assert match_deteval([gt], [box(21, 0, 100, 10)]) == (0, 0, 1, 1)
    assert match_deteval([gt], [box(0, 0, 100, 26)]) == (0, 0, 1, 1)


def test_deteval_one_to_many():
    gt = box(0, 0, 100, 10)
    halves = [box(0, 0, 45, 10), box(50, 0, 95, 10)]
    # the text is found by two detections: .8, and .8 for each of them
    assert match_deteval([gt], halves) == pytest.approx((.8, 1.6, 1, 2))
    assert match_deteval(
        [gt], [box(0, 0, 30, 10), box(50, 0, 95, 10)]) == (0, 0, 1, 2)


def test_deteval_many_to_one():
    words = [box(0, 0, 40, 10), box(60, 0, 100, 10)]
    # a line around two words: both are found, the one detection is right
    assert match_deteval(words, [box(0, 0, 100, 10)]) == (2, 1, 2, 1)
    # of which less than .4 is text
    assert match_deteval(words, [box(0, 0, 100, 21)]) == (0, 0, 2, 1)


def test_deteval_counts_what_touches():
    """A stray detection over the text's end makes it one of two parts."""
    gt, stray = box(0, 0, 100, 10), box(95, 0, 200, 10)
    assert match_deteval([gt], [gt, stray]) == (1, 1, 1, 2)
    # without overlap nothing matches
    assert match_deteval([gt], [box(200, 0, 300, 10)]) == (0, 0, 1, 1)


def test_deteval_ignores():
    cared, uncared = box(0, 0, 10, 10), box(20, 0, 30, 10)
    assert match_deteval([cared, uncared], [cared, uncared],
                         ignored=[False, True]) == (1, 1, 1, 1)
