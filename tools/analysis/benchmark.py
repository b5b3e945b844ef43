"""Measure speed and memory of a UPOCR against the plain path.

The plain path is the same model, with the same weights, on mmpretrain's own
attention: nothing is cached and every task takes a separate pass. Each variant
runs in a fresh process; the processes of the plain path and of a variant run
in turn, and the ratio is the median over these pairs (above 1: faster).

    python tools/analysis/benchmark.py inference training \\
        --config configs/upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py \\
        --out work_dirs/benchmark

Groups:
    inference  answers of one task and of several for each image
    training   a step: forward, losses, backward, optimizer
    data       the training pipeline of each data set, on drawn files as
               large as those of the data sets
    loop       `mim train` on these files: time of an iteration, and the
               share that it waits for data (with --train-batch)

Variants: fp32, compiled and bf16 of inference; fp32 and bf16, each also
"checkpointed", of training; on CUDA also fp16, "plain bf16" and "plain fp16".

Memory is the peak beyond the weights, in a process of its own: of the device
on CUDA, else of the process (it includes the compiler, where that runs).
"""
from __future__ import annotations
import argparse
import sys
import tempfile
from pathlib import Path

import torch
from benchmarking.arguments import loaded_tasks, parse_args
from benchmarking.machine import machine_facts
from benchmarking.measure import measure_all, progress
from benchmarking.outputs import check_outputs
from benchmarking.processes import WorkerError, call
from benchmarking.report import (add_time_per_pixel, describe,
                                 describe_outputs, format_table, summarise,
                                 write_report)
from benchmarking.steps import Settings, load_config
from benchmarking.training_loop import draw_files

# Far above rounding, far below what a mistake would make.
TOLERANCE = 1e-3


def run(args: argparse.Namespace, tasks: list[str], folder: Path) -> dict:
    """Compare the outputs and measure.

    Args:
        args: Of the command line, checked.
        tasks: Of the model.
        folder: For weights, drawn files and trainings.

    Returns:
        The report.
    """
    roots: dict[str, str] = {}
    settings = Settings(args.config, args.device, args.threads,
                        str(folder / 'weights.pth'), roots, args.cfg_options
                        or {})
    machine = machine_facts(args.device, args.threads
                            or torch.get_num_threads())
    print('\n'.join(f'{key}: {value}' for key, value in machine.items()))
    try:
        outputs = call(check_outputs, settings, args.checkpoint, tasks,
                       min(args.sizes))
    except WorkerError as error:
        sys.exit(str(error))
    print(describe_outputs(outputs))
    if not outputs['max_difference'] <= TOLERANCE:
        sys.exit(f'the outputs differ by more than {TOLERANCE:g}')
    rows: list[dict] = []
    if not args.check_outputs:
        if {'data', 'loop'} & set(args.groups):
            progress('drawing files')
            roots.update(
                draw_files(folder, loaded_tasks(load_config(settings)),
                           args.images))
        rows += (
            summarise(row) if 'seconds' in row else row
            for row in measure_all(settings, args, tasks, folder))
    add_time_per_pixel(rows)
    options = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in vars(args).items()
    }
    return dict(
        machine=machine,
        config=args.config,
        options=options,
        outputs=outputs,
        rows=rows)


def main() -> None:
    args, tasks = parse_args(__doc__)
    # Drawn pictures and weights, of no use afterwards.
    with tempfile.TemporaryDirectory(prefix='benchmark-') as folder:
        report = run(args, tasks, Path(folder))
    rows = report['rows']
    if rows:
        print('\n' + format_table(rows))
    if args.out:
        write_report(report, Path(args.config).stem, args.out)
    if any('error' in row for row in rows):
        for row in rows:
            if 'error' in row:
                progress(f'\n{describe(row)}, {row["variant"]}:\n'
                         f'{row["error"]}')
        sys.exit(1)


if __name__ == '__main__':
    main()
