"""Time, by fresh processes that take turns, and peak memory."""
from __future__ import annotations
import argparse
import ctypes
import multiprocessing
import os
import re
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, Callable, Iterator, Sequence
from unittest import mock

import numpy as np
import torch

from .cases import RUNTIMES, Case
from .steps import device_of, prepare

MIB = 1024**2
# For glibc; others do not read it.
RETURN_MEMORY = dict(
    MALLOC_MMAP_THRESHOLD_='65536', MALLOC_TRIM_THRESHOLD_='65536')
# A turn repeats a step for at least so long.
TURN_SECONDS = 0.5
# In a process that takes turns: its step, and whether that runs on CUDA.
_state: dict[str, Any] = {}


class WorkerError(RuntimeError):
    """A worker failed: the reason, and in further lines where."""


class NotInstalled(WorkerError):
    """A worker lacks a package."""


@contextmanager
def worker() -> Iterator[Callable]:
    """A fresh process: ``call(function, *args)`` calls functions there.

    It raises a :class:`WorkerError` if the function fails or the process dies.
    """

    def call(function: Callable, *args: Any) -> Any:
        try:
            return pool.submit(_guarded, function, args).result()
        except BrokenProcessPool:
            raise WorkerError('the process died; possibly it was killed '
                              'because memory ran out') from None

    # A forked process would share what this one has loaded.
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        yield call


def call(function: Callable, *args: Any) -> Any:
    """Call a function in a process of its own; see :func:`worker`."""
    with worker() as call_there:
        return call_there(function, *args)


def _guarded(function: Callable, args: Sequence[Any]) -> Any:
    try:
        return function(*args)
    except ImportError as error:
        raise NotInstalled(str(error)) from None
    except Exception as error:
        # Not every exception of a compiler can be sent.
        reason = f'{type(error).__name__}: {error}'.strip()
        raise WorkerError(f'{reason}\n{traceback.format_exc()}') from None


def measure_time(args: argparse.Namespace, case: Case, variants: Sequence[str],
                 check: Callable) -> list[list[float]]:
    """Let variants run in turn, each in a process of its own.

    All processes live at the same time and all but one of them wait, so that
    the machine's drift (heat, neighbors) meets all variants alike.

    ``check`` is called before the turns with the outputs of the first step of
    each variant; that and a second one are not timed.

    Returns:
        For each variant the mean seconds of a step in each turn.
    """
    with ExitStack() as stack:
        calls = [stack.enter_context(worker()) for _ in variants]
        check([
            call(_first_step, args, case, variant)
            for call, variant in zip(calls, variants)
        ])
        turns = [[call(_turn) for call in calls] for _ in range(args.repeats)]
    return [list(times) for times in zip(*turns)]


def _first_step(args: argparse.Namespace, case: Case,
                variant: str) -> list[np.ndarray]:
    _state['step'] = prepare(args, case, variant)
    _state['cuda'] = device_of(args, case) == 'cuda'
    outputs = [torch.as_tensor(output) for output in _state['step']()]
    _state['step']()  # which compiles once more, if caches are now filled
    _wait_for_idle_threads()
    # One image of a batch is enough.
    return [(x[:1] if x.ndim else x).detach().float().cpu().numpy()
            for x in outputs]


def _turn() -> float:
    """Mean seconds of a step, repeated to fill a turn."""
    start, steps, seconds = time.perf_counter(), 0, 0.
    while not steps or seconds < TURN_SECONDS:
        _state['step']()
        if _state['cuda']:
            torch.cuda.synchronize()
        steps, seconds = steps + 1, time.perf_counter() - start
    _wait_for_idle_threads()
    return seconds / steps


def _wait_for_idle_threads() -> None:
    """Do not hand over while threads spin for work and take the cores."""
    for _ in range(250):  # 5 s
        used = time.process_time()
        time.sleep(0.02)
        if time.process_time() - used < 0.002:
            return
    raise RuntimeError('threads that wait keep the cores busy, which slows '
                       'the other process down: unset OMP_WAIT_POLICY')


def measure_memory(args: argparse.Namespace, case: Case,
                   variant: str) -> tuple[float, str]:
    """What :func:`peak_memory` gives in a fresh process.

    There the C library returns what is freed at once. Else what it keeps for
    later counts, which is up to twice of what a training needs.
    """
    with mock.patch.dict(os.environ, RETURN_MEMORY):
        return call(peak_memory, args, case, variant)


def peak_memory(args: argparse.Namespace, case: Case,
                variant: str) -> tuple[float, str]:
    """Peak memory of two steps in MiB, and where it is read.

    Beyond the weights; of a runtime with them, as it takes its memory when it
    loads them. It is read from ``'cuda'``, ``'VmHWM'`` or, where that cannot
    be reset, from ``'ru_maxrss'``: that of the whole life of the process.
    """
    source, before = 'cuda', _status('VmRSS')
    step = prepare(args, case, variant)
    if device_of(args, case) == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        peak = torch.cuda.max_memory_allocated
    else:
        source = 'VmHWM' if _reset_peak() else 'ru_maxrss'
        if variant.split()[0] not in RUNTIMES:
            before = _status('VmRSS')
        peak = partial(_status, source)
    step()
    step()
    return (peak() - before) / MIB, source


def _reset_peak() -> bool:
    """Whether the kernel begins a new peak of this process."""
    try:
        # What building the model left free would be used, and not count.
        ctypes.CDLL(None).malloc_trim(0)
        Path('/proc/self/clear_refs').write_text('5')
        # Some sandboxes accept the write and do nothing.
        return _status('VmHWM') < _status('VmRSS') + 8 * MIB
    except (AttributeError, OSError, TypeError):
        return False  # not Linux with glibc


def _status(name: str) -> int:
    """An entry of the kernel's table of the process, in bytes."""
    table = Path('/proc/self/status')
    if name == 'ru_maxrss' or not table.exists():
        unit = 1 if sys.platform == 'darwin' else 1024
        return getrusage(RUSAGE_SELF).ru_maxrss * unit
    found = re.search(rf'^{name}:\s+(\d+) kB', table.read_text(), re.M)
    return int(found[1]) * 1024
