"""Time, by processes that take turns, and memory of a case."""
from __future__ import annotations
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Sequence

import torch

from .cases import Case, Variant
from .memory import MemoryMeter
from .processes import Worker, call
from .steps import Settings, Step, prepare


def _serve_turns(connection: Connection, settings: Settings, case: Case,
                 variant: Variant) -> None:
    step = prepare(settings, case, variant)
    device = _device_of(settings, case)
    connection.send(('ready', None))
    while True:
        connection.send(('seconds', _turn(step, connection.recv(), device)))


def _device_of(settings: Settings, case: Case) -> torch.device:
    return torch.device('cpu' if case.group == 'data' else settings.device)


def _turn(step: Step, least: float, device: torch.device) -> float:
    """Run a step once, or repeatedly for at least so many seconds.

    Returns:
        Mean seconds of a step.
    """
    seconds, runs = 0., 0
    while not runs or seconds < least:
        seconds += _seconds(step, device)
        runs += 1
    return seconds / runs


def _seconds(step: Step, device: torch.device) -> float:
    if device.type != 'cuda':
        start = time.perf_counter()
        step()
        return time.perf_counter() - start
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    begin.record(torch.cuda.current_stream(device))
    step()
    end.record(torch.cuda.current_stream(device))
    torch.cuda.synchronize(device)
    return begin.elapsed_time(end) / 1000


def measure_time(settings: Settings, case: Case, variants: Sequence[Variant],
                 warmup: int, repeats: int,
                 turn_seconds: float) -> list[list[float]]:
    """Let variants run in turn, each in a process of its own.

    All processes live at the same time and all but one of them wait, so that
    the machine's drift (heat, neighbours) meets all variants alike.

    Args:
        settings: The same for all cases.
        case: What to do.
        variants: Ways to do it.
        warmup: Turns of each that are not counted.
        repeats: Turns of each that are.
        turn_seconds: Least length of a turn.

    Returns:
        For each variant the mean seconds of a step in each turn.
    """
    seconds: list[list[float]] = [[] for _ in variants]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(_serve_turns, settings, case, variant))
            for variant in variants
        ]
        for worker in workers:
            worker.answer()
        for turn in range(warmup + repeats):
            for worker, found in zip(workers, seconds):
                # Compilation, for instance, is over after one step.
                least = turn_seconds if turn >= warmup else 0.
                result = worker.ask(least)
                if turn >= warmup:
                    found.append(result)
    return seconds


def measure_memory(settings: Settings, case: Case, variant: Variant,
                   runs: int) -> tuple[float, str]:
    """Peak memory of some runs in a fresh process, beyond the weights.

    Returns:
        MiB, and where the number comes from; see :class:`MemoryMeter`.
    """
    return call(_peak_memory, settings, case, variant, runs)


def _peak_memory(settings: Settings, case: Case, variant: Variant,
                 runs: int) -> tuple[float, str]:
    step = prepare(settings, case, variant)
    meter = MemoryMeter(_device_of(settings, case))
    for _ in range(runs):
        step()
    return meter.peak(), meter.source
