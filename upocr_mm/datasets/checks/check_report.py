from __future__ import annotations
import signal
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import Callable, Iterator, NamedTuple, Sequence

import cv2
from rich.console import Console
from rich.progress import track

from ...utils import reason_of
from ..data_check import (MOSTLY_TEXT, ORIENTED, TOLERATED, TOO_SMALL, Problem,
                          check_sample, find_damaged)
from ..decoding import decoder_messages
from .data_part import DataPart
from .hints import (exchanged_values, ignored_orientation, mostly_text,
                    unused_files)
from .near_duplicates import (BITS, MAX_DISTANCE, Fingerprint, NearDuplicate,
                              find_near_duplicates, fingerprint)
from .sample_statistics import SampleStatistics, measure_sample

# Splits that must not share pictures with the training data.
HELD_OUT = ('val', 'test')
# Samples that a process takes at once.
CHUNK = 8


class PartReport(NamedTuple):
    """What was found in one split of one data set.

    Args:
        part: The split.
        num_samples: Number of samples whose files are there.
        problems: What is wrong.
        statistics: Those of the samples whose files are good.
    """
    part: DataPart
    num_samples: int
    problems: list[Problem]
    statistics: list[SampleStatistics]


class CheckReport(NamedTuple):
    """What was found in several splits or data sets.

    Args:
        parts: One report for each.
        duplicates: Held-out pictures that are in the training data as well,
            of whatever task: a model learns all tasks at once.
        notes: What is worth knowing but not wrong.
    """
    parts: list[PartReport]
    duplicates: list[NearDuplicate]
    notes: list[str]

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.duplicates or any(p.problems for p in self.parts))


class _Found(NamedTuple):
    """What a process finds out about a sample."""
    problems: list[Problem]
    statistics: SampleStatistics | None = None
    fingerprint: Fingerprint | None = None


def check_parts(parts: Sequence[DataPart],
                num_workers: int = 1,
                max_distance: int | None = MAX_DISTANCE,
                progress: bool = False) -> CheckReport:
    """Check and measure all samples of some data sets, in processes.

    Args:
        parts: The data sets.
        num_workers: Number of processes, at least 1; 1 starts none.
        max_distance: Bits, of 64, in which the perceptual hashes of near
            duplicates may differ. None does not look for them.
        progress: Show a progress bar on the standard error output.

    Raises:
        ValueError: ``num_workers`` is below 1, or ``max_distance`` not from
            0 to 64.
        RuntimeError: A process was killed, for instance for its memory.
    """
    if num_workers < 1:
        raise ValueError(f'num_workers must be at least 1, got {num_workers}')
    if max_distance is not None and not 0 <= max_distance <= BITS:
        raise ValueError(f'max_distance must be from 0 to {BITS} bits, got '
                         f'{max_distance}')
    listed = [part.dataset.list_checked() for part in parts]
    jobs = [sample for samples, _ in listed for sample in samples]
    found = list(
        track(
            _map(_inspect, jobs, num_workers),
            'Checking',
            total=len(jobs),
            console=Console(stderr=True),
            disable=not progress))
    reports, notes, stop = [], [], 0
    for part, (samples, problems) in zip(parts, listed):
        start, stop = stop, stop + len(samples)
        own = [p for one in found[start:stop] for p in one.problems]
        oriented = [p for p in own if p.kind == ORIENTED]
        skipped = [ORIENTED, MOSTLY_TEXT]
        if part.split == 'train':  # of which no scores are computed
            skipped.append(TOO_SMALL)
        problems = problems + [p for p in own if p.kind not in skipped]
        if part.turns_images:
            problems += oriented
        else:
            notes += ignored_orientation(part, oriented)
        statistics = [s.statistics for s in found[start:stop] if s.statistics]
        exchanged = exchanged_values(part, statistics)
        problems += exchanged
        if not exchanged:
            notes += mostly_text(part,
                                 [p for p in own if p.kind == MOSTLY_TEXT])
        reports.append(PartReport(part, len(samples), problems, statistics))
    elsewhere = {name for part in parts for name in part.dataset.elsewhere}
    notes += unused_files(listed, elsewhere)
    duplicates = []
    if max_distance is not None:
        splits = [
            part.split for part, (samples, _) in zip(parts, listed)
            for _ in samples
        ]
        pictures = [(split, sample['img_path'], one.fingerprint)
                    for split, sample, one in zip(splits, jobs, found)
                    if one.fingerprint]
        duplicates = find_near_duplicates(
            [p[1:] for p in pictures if p[0] == 'train'],
            [p[1:] for p in pictures if p[0] in HELD_OUT], max_distance)
    return CheckReport(reports, duplicates, notes)


def _inspect(sample: dict) -> _Found:
    with decoder_messages() as messages:
        problems = check_sample(sample)
    if messages:
        problems += find_damaged(sample)
    if any(problem.kind not in TOLERATED for problem in problems):
        return _Found(problems)
    return _Found(problems, measure_sample(sample),
                  fingerprint(sample['img_path']))


def _map(function: Callable, jobs: Sequence, num_workers: int) -> Iterator:
    num_workers = min(num_workers, len(jobs))
    if num_workers <= 1:
        yield from map(function, jobs)
        return
    pool = ProcessPoolExecutor(num_workers, initializer=_start_worker)
    try:
        yield from pool.map(function, jobs, chunksize=CHUNK)
    except BrokenExecutor as error:
        raise RuntimeError('a process was killed, maybe for its memory (try '
                           f'fewer workers): {reason_of(error)}') from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    # One thread per process, and Ctrl-C is the parent's to handle.
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
