"""What is worth knowing about a data set but does not stop a training."""
from __future__ import annotations
import os
from collections import defaultdict
from pathlib import Path
from typing import Sequence

from ..base_paired_dataset import IMAGE_SUFFIXES
from ..data_check import MAX_LISTED, MOSTLY_TEXT, Problem
from .data_part import DataPart
from .sample_statistics import SampleStatistics

_FILES = ('img_path', 'target_path', 'mask_path', 'seg_map_path', 'ann_path')


def ignored_orientation(part: DataPart,
                        oriented: Sequence[Problem]) -> list[str]:
    """Say that the EXIF orientation of some files is ignored.

    Args:
        part: The data set, whose pipeline does not turn images.
        oriented: The files that have one.
    """
    if not oriented:
        return []
    return [
        f'{part.title}: the EXIF orientation of {len(oriented)} file(s) is '
        'ignored, the pixels are taken as stored: ' +
        _first([p.detail for p in oriented], '; ')
    ]


def exchanged_values(part: DataPart,
                     statistics: Sequence[SampleStatistics]) -> list[Problem]:
    """Find a data set that has more text than background as a whole.

    Args:
        part: The data set.
        statistics: Those of its samples.
    """
    shares = [s.text_share for s in statistics if s.text_share is not None]
    if not shares or sum(shares) <= len(shares) / 2:
        return []
    return [
        Problem(
            MOSTLY_TEXT,
            f'{part.title}: text is {sum(shares) / len(shares):.0%} of the '
            'area')
    ]


def mostly_text(part: DataPart, problems: Sequence[Problem]) -> list[str]:
    """Name the targets of a set that have more text than background.

    Args:
        part: The data set, which has less as a whole.
        problems: The targets.
    """
    if not problems:
        return []
    return [
        f'{part.title}: {len(problems)} target(s) have more text than '
        'background; look whether their values are exchanged: ' +
        _first([p.detail for p in problems], ', ')
    ]


def unused_files(
    listed: Sequence[tuple[list[dict], list[Problem]]],
    elsewhere: set[str] = frozenset()
) -> list[str]:
    """Name files that lie beside those of the samples and belong to none.

    Args:
        listed: Samples and problems of each data set. Files that a problem
            names are not named again.
        elsewhere: Names without ending of files of splits that are not read.
    """
    used: set[Path] = set()
    folders: dict[Path, set[str]] = defaultdict(set)
    for samples, _ in listed:
        for sample in samples:
            for key in set(_FILES) & set(sample):
                path = Path(os.path.normpath(sample[key]))
                used.add(path)
                folders[path.parent].update((
                    '.txt', ) if key == 'ann_path' else IMAGE_SUFFIXES)
    told = '\n'.join(p.detail for _, problems in listed for p in problems)
    hints = []
    for folder, suffixes in sorted(folders.items()):
        names = [
            path.name for path in sorted(folder.iterdir())
            if path.suffix.lower() in suffixes and path not in used
            and str(path) not in told and path.stem not in elsewhere
        ]
        if names:
            hints.append(f'{folder}: {len(names)} file(s) belong to no sample:'
                         f' {_first(names, ", ")}')
    return hints


def _first(items: Sequence[str], separator: str) -> str:
    rest = [f'and {len(items) - MAX_LISTED} more'
            ] if len(items) > MAX_LISTED else []
    return separator.join([*items[:MAX_LISTED], *rest])
