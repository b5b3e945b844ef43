"""Matching of detected text with ground truth, after two named protocols.

The text removal literature runs a text detector on the pictures without text:
the less it finds, the better. Its recall, precision and F-score depend on the
detector, on the matching and on how ground truth polygons are converted, so
all three must be named beside a number.
"""
from __future__ import annotations
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence

import numpy as np

if TYPE_CHECKING:
    from shapely.geometry import Polygon

Points = Sequence[float]
Polygons = Sequence['Polygon']
# ICDAR-2015 task 1: a match overlaps by more than this.
IOU_THRESHOLD = .5
# A detection lies in a region to be ignored if more than this part does.
IGNORE_THRESHOLD = .5
# Wolf and Jolion's constraints as ICDAR-2013 and GaRNet set them.
AREA_RECALL, AREA_PRECISION = .8, .4
# What each of the detections that share one ground truth counts.
SPLIT_CREDIT = .8


class Matches(NamedTuple):
    """Outcome of matching, of one image or summed over images.

    Attributes:
        recalled: Ground truths found (credits under ``deteval``).
        precise: Detections that are right (credits under ``deteval``).
        num_gt: Ground truths that count.
        num_det: Detections that count.
    """
    recalled: float
    precise: float
    num_gt: int
    num_det: int

    def scores(self) -> dict[str, float]:
        """Recall ``R``, precision ``P`` and ``F``; fractions, 0 / 0 = 0."""
        recall = self.recalled / self.num_gt if self.num_gt else 0.
        precision = self.precise / self.num_det if self.num_det else 0.
        total = recall + precision
        return dict(
            R=recall,
            P=precision,
            F=2 * recall * precision / total if total else 0.)


def to_polygon(points: Points, shape: str = 'polygon') -> Polygon:
    """Make a region of a list of coordinates.

    Args:
        points: ``x, y, x, y, ...``, at least three points; or the two corners
            ``x1, y1, x2, y2`` of a box.
        shape: ``'polygon'`` takes it as it is, ``'minarect'`` the rectangle of
            any direction with the least area around it, ``'aabb'`` the
            axis-aligned one.

    Returns:
        A valid, possibly empty region.

    Raises:
        ValueError: If the number of coordinates or the shape is not allowed.
    """
    from shapely import make_valid
    from shapely.geometry import MultiPoint, Polygon, box
    if shape not in SHAPES:
        raise ValueError(f'shape must be one of {SHAPES}, but got {shape!r}')
    if len(points) % 2 or len(points) < 4:
        raise ValueError('a region needs an even number of at least 4 '
                         f'coordinates, but got {len(points)}')
    corners = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(corners) == 2:
        return box(*corners.min(0), *corners.max(0))
    if shape == 'aabb':
        return box(*corners.min(0), *corners.max(0))
    if shape == 'minarect':
        rectangle = MultiPoint(corners).minimum_rotated_rectangle
        return rectangle if rectangle.geom_type == 'Polygon' else Polygon()
    polygon = Polygon(corners)
    # Outlines that cross themselves occur; their parts are kept.
    return polygon if polygon.is_valid else make_valid(polygon)


def match_ic15(gts: Polygons, dets: Polygons,
               ignored: Sequence[bool] = ()) -> Matches:
    """Matching of ICDAR-2015 task 1: one to one, IoU above 0.5.

    Greedy in the order of the ground truths, then of the detections. A
    detection of which more than half lies in an ignored ground truth does not
    count.

    Args:
        gts: Ground truths of one image.
        dets: Detections of the same image.
        ignored: For each ground truth whether it is a "don't care". Default:
            none is.

    Returns:
        The counts.
    """
    cared, uncared = _split(gts, ignored)
    dets = _without_ignored(dets, uncared)
    overlaps = _areas(cared, dets)
    free = list(range(len(dets)))
    matched = 0
    for i, gt in enumerate(cared):
        for j in free:
            union = gt.area + dets[j].area - overlaps[i, j]
            if union > 0 and overlaps[i, j] / union > IOU_THRESHOLD:
                free.remove(j)
                matched += 1
                break
    return Matches(matched, matched, len(cared), len(dets))


def match_deteval(gts: Polygons, dets: Polygons,
                  ignored: Sequence[bool] = ()) -> Matches:
    """Matching of DetEval (Wolf and Jolion, 2006) as ICDAR-2013 uses it.

    One to one, one ground truth to several detections (which then count 0.8
    each) and several ground truths to one detection; a part matches if it
    covers 0.8 of the ground truth and 0.4 of the detection. (The condition
    that the centers be closer than the mean of the diagonals is left out: it
    holds wherever two boxes overlap.)

    Args:
        gts: Ground truths of one image; the protocol is made for axis-aligned
            boxes.
        dets: Detections of the same image.
        ignored: For each ground truth whether it is a "don't care". Default:
            none is.

    Returns:
        The credits.
    """
    cared, uncared = _split(gts, ignored)
    dets = _without_ignored(dets, uncared)
    overlaps = _areas(cared, dets)
    recall = overlaps / _column([gt.area for gt in cared])
    precision = overlaps / _column([det.area for det in dets]).T
    fits = (recall >= AREA_RECALL) & (precision >= AREA_PRECISION)
    gt_free, det_free = np.ones(len(cared), bool), np.ones(len(dets), bool)
    recalled = precise = 0.
    # one to one: the only fit of both, and nothing else touches them
    touches = overlaps > 0
    for i, j in np.argwhere(fits):
        alone = (
            fits[i].sum() == fits[:, j].sum() == 1
            and touches[i].sum() == touches[:, j].sum() == 1)
        if alone:
            gt_free[i] = det_free[j] = False
            recalled += 1
            precise += 1
    # one to many: detections that lie within the text together cover it
    for i in range(len(cared)):
        parts = det_free & (precision[i] >= AREA_PRECISION)
        covered = round(float(recall[i, parts].sum()), 4)
        if (gt_free[i] and touches[i].sum() >= 2 and parts.any()
                and covered >= AREA_RECALL):
            credit = 1. if parts.sum() == 1 else SPLIT_CREDIT
            recalled += credit
            precise += credit * parts.sum()
            gt_free[i] = False
            det_free[parts] = False
    # many to one: texts that are found whole together fill the detection
    for j in range(len(dets)):
        parts = gt_free & (recall[:, j] >= AREA_RECALL)
        filled = round(float(precision[parts, j].sum()), 4)
        if (det_free[j] and touches[:, j].sum() >= 2 and parts.any()
                and filled >= AREA_PRECISION):
            recalled += parts.sum()
            precise += 1
            det_free[j] = False
            gt_free[parts] = False
    return Matches(float(recalled), float(precise), len(cared), len(dets))


def sum_matches(matches: Sequence[Matches]) -> Matches:
    """Add up images; scores are taken over the whole set.

    Args:
        matches: At least one outcome of matching.
    """
    return Matches(*map(sum, zip(*matches)))


SHAPES = ('polygon', 'minarect', 'aabb')
PROTOCOLS: dict[str, Callable[..., Matches]] = dict(
    ic15=match_ic15, deteval=match_deteval)


def _split(gts: Sequence[Polygon], ignored: Sequence[bool]) -> tuple:
    flags = list(ignored) or [False] * len(gts)
    if len(flags) != len(gts):
        raise ValueError(f'ignored must have one entry for each of the '
                         f'{len(gts)} ground truths, but has {len(flags)}')
    return ([gt for gt, flag in zip(gts, flags)
             if not flag], [gt for gt, flag in zip(gts, flags) if flag])


def _without_ignored(dets: Sequence[Polygon],
                     uncared: list[Polygon]) -> list[Polygon]:
    parts = _areas(dets, uncared)
    return [
        det for det, areas in zip(dets, parts)
        if not (det.area and (areas / det.area > IGNORE_THRESHOLD).any())
    ]


def _areas(left: Sequence[Polygon], right: Sequence[Polygon]) -> np.ndarray:
    """Areas that each of ``left`` shares with each of ``right``."""
    areas = np.zeros((len(left), len(right)))
    for i, first in enumerate(left):
        for j, second in enumerate(right):
            areas[i, j] = first.intersection(second).area
    return areas


def _column(values: list[float]) -> np.ndarray:
    # An area of 0 shares nothing; dividing by anything gives 0.
    return np.array([value or 1. for value in values]).reshape(-1, 1)
