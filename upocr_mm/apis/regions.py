"""Boxes, polygons and scores of what a class map or mask holds."""
from __future__ import annotations
from typing import Any

import cv2
import numpy as np

# Smaller ones are noise.
MIN_AREA = 12


def find_regions(mask: np.ndarray,
                 scores: np.ndarray,
                 join: int = 0) -> list[dict[str, Any]]:
    """Connected regions of a mask, from top to bottom.

    Args:
        mask: bool array (H, W).
        scores: Array (H, W) of numbers in [0, 255], how sure each pixel is.
        join: Pixels that are closer than this belong together, such as the
            characters of a word.

    Returns:
        For each region its ``box`` [x1, y1, x2, y2] (the last two lie
        outside), ``polygon`` (four corners of the smallest rectangle around
        it, [[x, y], ...]), ``area`` in pixels and ``score``, the mean over
        its pixels in [0, 1].
    """
    if not mask.any():
        return []
    joined = mask.astype(np.uint8)
    if join:
        side = join // 2 * 2 + 1
        # With a margin, as closing fills what is next to the border.
        margin = [side] * 4
        joined = cv2.copyMakeBorder(joined, *margin, cv2.BORDER_CONSTANT)
        joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE,
                                  np.ones((side, side), np.uint8))
        joined = np.ascontiguousarray(joined[side:-side, side:-side])
    count, labels = cv2.connectedComponents(joined)
    inside = labels[mask]
    areas = np.bincount(inside, minlength=count)
    totals = np.bincount(inside, weights=scores[mask], minlength=count)
    # Outer contours and those of holes; closing adds nothing outside of the
    # convex hull, so that boxes and polygons are those of the mask.
    contours, levels = cv2.findContours(joined, cv2.RETR_CCOMP,
                                        cv2.CHAIN_APPROX_SIMPLE)
    regions = []
    for contour, (*_, parent) in zip(contours, levels[0]):
        x, y = contour[0, 0]
        label = labels[y, x]
        if parent >= 0 or areas[label] < MIN_AREA:
            continue
        x, y, width, height = cv2.boundingRect(contour)
        corners = cv2.boxPoints(cv2.minAreaRect(contour)).astype(np.float64)
        regions.append(
            dict(
                box=[x, y, x + width, y + height],
                polygon=corners.round(1).tolist(),
                area=int(areas[label]),
                score=round(float(totals[label] / areas[label]) / 255, 4)))
    return sorted(regions, key=lambda region: region['box'][1::-1])


def text_height(mask: np.ndarray) -> float | None:
    """The height of small text, in pixels.

    Args:
        mask: bool array (H, W), the strokes.

    Returns:
        Height that a quarter of the text (by its width) stays below; None
        without text.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    stats = stats[1:]
    stats = stats[stats[:, cv2.CC_STAT_AREA] >= MIN_AREA]
    if not len(stats):
        return None
    heights = stats[:, cv2.CC_STAT_HEIGHT]
    order = np.argsort(heights, kind='stable')
    widths = stats[order, cv2.CC_STAT_WIDTH].cumsum()
    return float(heights[order[np.searchsorted(widths, widths[-1] / 4)]])
