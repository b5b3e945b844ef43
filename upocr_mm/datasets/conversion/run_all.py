from __future__ import annotations
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Sequence

from mmengine.utils import ProgressBar


def run_all(action: Callable[[Any], Any],
            jobs: Sequence[Any],
            progress: bool = False) -> list[Any]:
    """Do jobs in threads, one for each core.

    After an error, also an interrupt, no further job is begun.

    Args:
        action: What to do with a job.
        jobs: The jobs.
        progress: Print a progress bar to the standard error output.

    Returns:
        The results, in the order of the jobs.
    """
    bar = None
    if progress and jobs:
        bar = ProgressBar(len(jobs), file=sys.stderr)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    results = []
    try:
        for result in pool.map(action, jobs):
            results.append(result)
            if bar is not None:
                bar.update()
    finally:
        pool.shutdown(cancel_futures=True)
        if bar is not None:
            bar.file.write('\n')
    return results
