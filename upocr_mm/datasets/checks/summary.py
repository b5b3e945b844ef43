from __future__ import annotations
from typing import Any

import numpy as np

from ...utils import IGNORE_INDEX
from .check_report import PartReport


def summarize(report: PartReport) -> dict[str, Any]:
    """Statistics of one split of one data set.

    Args:
        report: What was found in it.

    Returns:
        Values that JSON can hold; what a data set has not is None:

        - ``name``, ``split``; ``samples``, and ``measured`` of them, whose
          files are good;
        - ``width``, ``height`` of the images: least, median and greatest;
        - ``text_area``: mean over the images of the share of text, 0 to 1;
          ``without_text``: number of images without any;
        - ``regions``: ``kind`` (boxes, polygons or connected regions),
          ``total``, mean ``per_image`` and ``max_per_image``;
        - ``text_height`` of the regions in pixels: percentiles 5, 50, 95;
        - ``class_share``: share of each class of all pixels that are not
          ignored, by name; ``ignored``: share of those that are.
    """
    measured = report.statistics
    shapes = [s.shape for s in measured]
    shares = [s.text_share for s in measured if s.text_share is not None]
    classes, ignored = _class_shares(report)
    heights = np.concatenate([s.text_heights for s in measured] or [[]])
    return dict(
        name=report.part.name,
        split=report.part.split,
        samples=report.num_samples,
        measured=len(measured),
        width=_least_median_greatest([width for _, width in shapes]),
        height=_least_median_greatest([height for height, _ in shapes]),
        text_area=float(np.mean(shares)) if shares else None,
        without_text=shares.count(0) if shares else None,
        regions=_regions(report),
        text_height=(dict(
            zip(('p5', 'p50', 'p95'),
                np.percentile(heights, (5, 50, 95)).round(2).tolist()))
                     if heights.size else None),
        class_share=classes,
        ignored=ignored)


def _least_median_greatest(values: list[int]) -> dict[str, float] | None:
    if not values:
        return None
    return dict(
        min=min(values), median=float(np.median(values)), max=max(values))


def _regions(report: PartReport) -> dict[str, Any] | None:
    counted = [s for s in report.statistics if s.region_kind]
    if not counted:
        return None
    numbers = [len(s.text_heights) for s in counted]
    return dict(
        kind='/'.join(sorted({s.region_kind
                              for s in counted})),
        total=sum(numbers),
        per_image=sum(numbers) / len(numbers),
        max_per_image=max(numbers))


def _class_shares(
        report: PartReport) -> tuple[dict[str, float] | None, float | None]:
    names = report.part.dataset.metainfo.get('classes')
    pixels = np.zeros(256, np.int64)
    for statistics in report.statistics:
        for label, count in (statistics.class_pixels or {}).items():
            pixels[label] += count
    total, ignored = int(pixels.sum()), int(pixels[IGNORE_INDEX])
    if not names or not total:
        return None, None
    shares = {
        name: int(pixels[label]) / max(total - ignored, 1)
        for label, name in enumerate(names)
    }
    return shares, ignored / total
