"""Rows of the report: every case in every variant, with its raw runs."""
from __future__ import annotations
import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Iterator

from .cases import (PLAIN, Case, Variant, data_cases, inference_cases,
                    training_cases, variants_of, worker_variants)
from .processes import WorkerError
from .report import describe
from .steps import Settings
from .training_loop import run_loop
from .turns import measure_memory, measure_time

# Iterations of the loop in which workers start and memory is first taken.
LOOP_WARMUP = 3


def progress(text: str) -> None:
    """Tell what comes; the table goes to the standard output."""
    print(text, file=sys.stderr, flush=True)


def measure_variants(settings: Settings, args: argparse.Namespace, case: Case,
                     variants: list[Variant]) -> Iterator[dict]:
    """Rows of a case: the plain path, then each variant paired with it."""
    plain_seconds: list[float] = []
    rows = []
    for variant in variants:
        row = new_row(case, variant)
        progress(f'{case.group}, {describe(row)}: {variant.name}')
        try:
            if not args.memory_only:
                row['reference_seconds'], row['seconds'] = measure_time(
                    settings, case, (PLAIN, variant), args.warmup,
                    args.repeats, args.turn_seconds)
                plain_seconds += row['reference_seconds']
            add_memory(row, settings, case, variant, args)
        except WorkerError as error:
            row['error'] = str(error)
        rows.append(row)
    plain = new_row(case, PLAIN)
    if plain_seconds or args.memory_only:
        if plain_seconds:
            plain.update(
                seconds=plain_seconds, reference_seconds=plain_seconds)
        try:
            add_memory(plain, settings, case, PLAIN, args)
        except WorkerError as error:
            plain['error'] = str(error)
        rows.insert(0, plain)
    yield from rows


def new_row(case: Case, variant: Variant) -> dict:
    """What is known of a row before it is measured."""
    return dict(asdict(case), variant=variant.name, images=case.images)


def add_memory(row: dict, settings: Settings, case: Case, variant: Variant,
               args: argparse.Namespace) -> None:
    """Measure the peak memory of a row."""
    row['memory_mib'], row['memory_source'] = measure_memory(
        settings, case, variant,
        max(args.warmup, 1) + 1)


def measure_data(settings: Settings, args: argparse.Namespace, case: Case,
                 variants: list[Variant]) -> Iterator[dict]:
    """Rows of a data set: each number of workers."""
    for variant in variants:
        row = new_row(case, variant)
        progress(f'{case.group}, {describe(row)}: {variant.name}')
        try:
            row['seconds'], = measure_time(settings, case, (variant, ),
                                           args.warmup, args.repeats,
                                           args.turn_seconds)
        except WorkerError as error:
            row['error'] = str(error)
        yield row


def measure_loop(settings: Settings, args: argparse.Namespace, case: Case,
                 folder: Path) -> Iterator[dict]:
    """Rows of the whole loop: each number of workers."""
    for variant in worker_variants(args.workers):
        row = new_row(case, variant)
        progress(f'{case.group}, {describe(row)}: {variant.name}')
        try:
            row.update(
                run_loop(settings, folder / f'loop_{variant.workers}',
                         case.batch_size, variant.workers, LOOP_WARMUP,
                         args.iterations))
        except RuntimeError as error:
            row['error'] = str(error)
        yield row


def measure_all(settings: Settings, args: argparse.Namespace, tasks: list[str],
                folder: Path) -> Iterator[dict]:
    """Rows of all groups."""
    cases = dict(
        inference=inference_cases(tasks, args.tasks, args.batch_sizes,
                                  args.sizes),
        training=training_cases(tasks, args.train_batch, args.train_sizes))
    for group in 'inference', 'training':
        variants = [
            variant for variant in variants_of(group, args.device)
            if not args.variants or variant.name in args.variants
        ]
        for case in cases[group] if group in args.groups else []:
            yield from measure_variants(settings, args, case, variants)
    loaded = list(settings.data_roots)
    if 'data' in args.groups:
        for case in data_cases(loaded, args.images):
            yield from measure_data(settings, args, case,
                                    worker_variants(args.workers))
    if 'loop' in args.groups:
        case = Case('loop', tuple(loaded), args.train_batch)
        yield from measure_loop(settings, args, case, folder)
