"""Measure speed and memory of a UPOCR against the plain path.

The plain path is the same model, with the same weights, on mmpretrain's own
attention in float32, with a pass of its own for every task. Each variant runs
in a fresh process, next to one of the plain path: the two take turns, and the
ratio is the median over the pairs of turns (above 1: faster). Before that,
the outputs of both are compared.

    python tools/analysis/benchmark.py inference deploy training \\
        --config configs/upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py \\
        --out work_dirs/benchmark

Groups:
    inference  predictions of one task and of several for each image
    deploy     the same on the CPU, exported to OpenVINO and ONNX Runtime
               (skipped where they are not installed)
    training   forward, losses, backward, optimizer
    data       the training pipeline of each data set, on synthetic files as
               large as those of the data sets
    loop       a training on these files, and how long it waits for data
"""
from __future__ import annotations
import argparse
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Callable, Collection

import torch
from benchmarking.cases import (FILE_SIZES, GROUPS, PLAIN, RUNTIMES, VARIANTS,
                                Case, cases_of, synthesize_files, variants_of)
from benchmarking.processes import (NotInstalled, WorkerError, call,
                                    measure_memory, measure_time)
from benchmarking.report import (compare_outputs, format_table, machine_facts,
                                 summarize, write_report)
from benchmarking.steps import export_model, run_loop, write_weights
from mmengine.config import Config

from upocr_mm.utils import ConfigOptions, one_sentence

# Of outputs in float32: far above rounding, far below what a mistake makes.
TOLERANCE = 1e-3


def integer(least: int) -> Callable[[str], int]:
    """A type of arguments: an integer that is not below ``least``."""

    def convert(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f'must be an integer of at least {least}, got {text!r}')
        return int(text)

    return convert


def parse_args() -> tuple[argparse.Namespace, Config]:
    """The arguments, checked, and the configuration."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add, count = parser.add_argument, integer(1)
    devices = ['cpu', 'cuda'][:1 + torch.cuda.is_available()]
    # yapf: disable
    add('groups', nargs='*', metavar='GROUP', help='what (default: all)')
    add('--config', required=True, help='configuration of a UPOCR')
    add('--checkpoint', help='its weights (default: random ones)')
    add('--cfg-options', nargs='+', action=ConfigOptions, metavar='KEY=VALUE')
    add('--variants', nargs='+', metavar='NAME',
        help='only these of inference, deploy and training (default: all)')
    add('--device', choices=devices, default=devices[-1],
        help='of PyTorch (default: cuda where there is one)')
    add('--threads', type=count, metavar='N', help='on the CPU')
    add('--sizes', nargs='+', type=integer(32), default=[512],
        metavar='N', help='sides of the images (default: 512)')
    add('--batch-sizes', nargs='+', type=count, default=[1], metavar='N',
        help='of inference and deploy (default: 1)')
    add('--tasks', nargs='+', type=count, metavar='N',
        help='numbers of tasks of inference and deploy (default: 1 and all)')
    add('--train-batch', type=count, default=3, metavar='N',
        help='samples of a training step, the tasks in turn (default: 3)')
    add('--workers', nargs='+', type=integer(0), default=[0, 1, 2],
        metavar='N', help='processes that load data (default: 0 1 2)')
    add('--images', type=count, default=12, metavar='N',
        help='synthetic files of each data set (default: 12)')
    add('--repeats', type=count, default=5, metavar='N',
        help='turns of each process; the loop has four times as many '
        'iterations (default: 5)')
    add('--memory-only', action='store_true',
        help='no times (which take the memory of two models)')
    add('--export-dir', type=Path, metavar='DIR',
        help='where to keep exported models, and to find them again')
    add('--out', type=Path, metavar='DIR', help='folder of the report')
    # yapf: enable
    args = parser.parse_args()
    try:
        return args, check(args)
    except (ValueError, TypeError, LookupError, OSError) as error:
        parser.error(str(error))


def check(args: argparse.Namespace) -> Config:
    """Check and complete the arguments; the configuration."""
    args.groups = args.groups or list(GROUPS)
    require('GROUP', args.groups, GROUPS)
    if args.checkpoint and not Path(args.checkpoint).is_file():
        raise ValueError(f'--checkpoint {args.checkpoint} is no file')
    for folder in filter(None, (args.out, args.export_dir)):
        folder.mkdir(parents=True, exist_ok=True)
    if args.variants:
        known = [v for g in args.groups for v in variants_of(g, args)]
        require('--variants', args.variants, known)
    cfg = Config.fromfile(args.config, import_custom_modules=False)
    cfg.merge_from_dict(args.cfg_options or {})
    if cfg.get('model', {}).get('type') != 'UPOCR':
        raise ValueError(f'--config {args.config} is not that of a UPOCR '
                         "(its model.type is not 'UPOCR')")
    args.task_names = list(cfg.model.task_prompt.tasks)
    number = len(args.task_names)
    args.tasks = args.tasks or sorted({1, number})
    if max(args.tasks) > number:
        raise ValueError(f'--tasks must be from 1 to {number}, the number of '
                         f'tasks of the model, got {max(args.tasks)}')
    args.data_tasks = []
    if {'data', 'loop'} & set(args.groups):
        datasets = cfg.train_dataloader.dataset['datasets']
        args.data_tasks = [task for task, d in datasets.items() if d]
        require('tasks of the training data', args.data_tasks, FILE_SIZES)
        if 'loop' in args.groups and args.train_batch % len(args.data_tasks):
            raise ValueError(
                f'--train-batch must be a multiple of {len(args.data_tasks)}, '
                f'the number of tasks, for the loop, got {args.train_batch}')
    for losses in (cfg.model.get('losses') or {}).values():
        for loss in filter(None, (losses or {}).values()):
            if loss.type == 'VGGFeatureLoss':
                loss.weights = 'random'  # cost as much, need no file
    return cfg


def require(name: str, values: Collection[str],
            allowed: Collection[str]) -> None:
    """Refuse values that are not allowed, by a ValueError."""
    for value in set(values) - set(allowed):
        raise ValueError(f'{name} must be of {", ".join(allowed)}, got '
                         f'{value!r}')


def measure_case(args: argparse.Namespace, case: Case,
                 folder: Path) -> list[dict]:
    """A row for each variant, behind one of what they are compared with.

    A row of what failed has an ``error``, one of what is not installed
    ``skipped``. Trainings write to the folder.
    """
    alone, variants = case.group not in VARIANTS, variants_of(case.group, args)
    rows = [
        _measure(args, case, variant, folder) for variant in variants
        if alone or variant in (args.variants or variants)
    ]
    if alone or all('skipped' in row for row in rows):
        return rows
    plain = _measure(args, case, PLAIN, folder)
    turns = [x for row in rows for x in row.get('plain_turns', [])]
    if turns:
        summarize(plain, turns)
    return [plain, *rows]


def _measure(args: argparse.Namespace, case: Case, variant: str,
             folder: Path) -> dict:
    """The row of a variant."""
    print(f'{case.group}, {case.name}: {variant}', file=sys.stderr)
    row = dict(
        asdict(case), case=case.name, variant=variant, images=case.images)
    first = variant.split()[0]
    try:
        if case.group == 'data':
            summarize(row, *measure_time(args, case, [variant], len))
        elif case.group == 'loop':
            seconds, row['data_seconds'] = call(run_loop, args, case,
                                                int(first), folder / first)
            summarize(row, seconds)
        else:
            if first in RUNTIMES:
                call(export_model, args, case, variant)
            row['memory_mib'], row['memory_source'] = measure_memory(
                args, case, variant)
            if variant != PLAIN and not args.memory_only:
                _compare(row, args, case, variant)
    except NotInstalled as error:
        row['skipped'] = str(error)
    except WorkerError as error:
        row['error'] = str(error)
    return row


def _compare(row: dict, args: argparse.Namespace, case: Case,
             variant: str) -> None:
    """Let a variant take turns with the plain path."""

    def check_outputs(outputs: list) -> None:
        row.update(compare_outputs(*outputs))
        difference = row['max_difference']
        if 'fp32' in variant and not difference <= TOLERANCE:
            raise WorkerError(
                f'the outputs differ by {difference:.2g} from those of the '
                f'plain path, more than the {TOLERANCE:g} that are allowed')

    row['plain_turns'], seconds = measure_time(args, case, (PLAIN, variant),
                                               check_outputs)
    summarize(row, seconds)


def run(args: argparse.Namespace, cfg: Config, folder: Path) -> list[dict]:
    """Measure; weights, data and trainings go to the folder."""
    for task, root in synthesize_files(folder / 'data', args).items():
        cfg.train_dataloader.dataset.datasets[task].data_root = root
    args.config_file, args.weights = folder / 'config.py', folder / 'init.pth'
    args.export_dir = args.export_dir or folder / 'exported'
    cfg.dump(args.config_file)
    args.weights_name = call(write_weights, args)
    return [
        row for group in args.groups for case in cases_of(group, args)
        for row in measure_case(args, case, folder)
    ]


def main() -> None:
    args, cfg = parse_args()
    if args.device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''  # for the training loop
    machine = machine_facts(args.device, args.threads)
    print('\n'.join(f'{key}: {value}' for key, value in machine.items()))
    with tempfile.TemporaryDirectory(prefix='benchmark-') as folder:
        try:
            rows = run(args, cfg, Path(folder))
        except WorkerError as error:
            sys.exit(str(error))
    print('\n' + format_table(rows))
    if args.out:
        report = dict(machine=machine, options=vars(args), rows=rows)
        write_report(report, Path(args.config).stem, args.out)
    failed = [row for row in rows if 'error' in row]
    for row in failed:
        print('\n{group}, {case}, {variant}:\n{error}'.format(**row))
    sys.exit(bool(failed))


if __name__ == '__main__':
    with one_sentence():
        main()
