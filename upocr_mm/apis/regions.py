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
        joined = cv2.morphologyEx(
            joined, cv2.MORPH_CLOSE,
            np.ones((join // 2 * 2 + 1, join + 1), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    regions = []
    for index in range(1, count):
        x, y, w, h, _ = (int(value) for value in stats[index])
        inside = (labels[y:y + h, x:x + w] == index) & mask[y:y + h, x:x + w]
        area = int(inside.sum())
        if area < MIN_AREA:
            continue
        rows, columns = np.nonzero(inside)
        points = np.stack([columns + x, rows + y], 1).astype(np.int32)
        corners = cv2.boxPoints(cv2.minAreaRect(cv2.convexHull(points)))
        regions.append(
            dict(
                box=[
                    int(points[:, 0].min()),
                    int(points[:, 1].min()),
                    int(points[:, 0].max()) + 1,
                    int(points[:, 1].max()) + 1
                ],
                polygon=[[round(float(v), 1) for v in corner]
                         for corner in corners],
                area=area,
                score=round(
                    float(scores[y:y + h, x:x + w][inside].mean()) / 255, 4)))
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
