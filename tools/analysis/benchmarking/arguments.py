"""The command line of ``benchmark.py``."""
from __future__ import annotations
import argparse
from pathlib import Path
from typing import Callable, Collection

import torch
from mmengine.config import Config, DictAction

from .cases import GROUPS, variants_of
from .training_loop import FILE_SIZES


def integer(least: int) -> Callable[[str], int]:
    """A type of arguments: an integer that is not below ``least``."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f'must be an integer of at least {least}, got {text!r}')
        return value

    return convert


def duration(text: str) -> float:
    """A type of arguments: seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.
    if not 0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(
            f'must be a number of at least 0, got {text!r}')
    return value


def parse_args(description: str) -> tuple[argparse.Namespace, list[str]]:
    """The arguments, checked, and the tasks of the model."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('groups', nargs='*', metavar='GROUP', help='what (default: all)')
    add('--config', required=True, help='configuration of a UPOCR')
    add('--checkpoint', help='its weights (default: random ones)')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    add('--variants',
        nargs='+',
        metavar='NAME',
        help='only these of inference and training (default: all)')
    add('--batch-sizes',
        nargs='+',
        type=integer(1),
        default=[1],
        metavar='N',
        help='of inference (default: 1)')
    add('--sizes',
        nargs='+',
        type=integer(32),
        default=[512],
        metavar='N',
        help='sides of the images of inference (default: 512)')
    add('--tasks',
        nargs='+',
        type=integer(1),
        metavar='N',
        help='how many tasks inference answers (default: 1 and all)')
    add('--train-batch',
        type=integer(1),
        default=3,
        metavar='N',
        help='samples of a training step, the tasks in turn (default: 3)')
    add('--train-sizes',
        nargs='+',
        type=integer(32),
        default=[512],
        metavar='N',
        help='sides of the images of training (default: 512)')
    add('--workers',
        nargs='+',
        type=integer(0),
        default=[0, 1, 2],
        metavar='N',
        help='processes that load data (default: 0 1 2)')
    add('--images',
        type=integer(1),
        default=12,
        metavar='N',
        help='drawn files of each data set (default: 12)')
    add('--iterations',
        type=integer(1),
        default=20,
        metavar='N',
        help='of the loop (default: 20)')
    add('--repeats',
        type=integer(1),
        default=5,
        metavar='N',
        help='turns of each process that count (default: 5)')
    add('--warmup',
        type=integer(0),
        default=1,
        metavar='N',
        help='turns before them that do not count (default: 1)')
    add('--turn-seconds',
        type=duration,
        default=0.5,
        metavar='S',
        help='a turn repeats a step for at least so long (default: 0.5)')
    add('--memory-only',
        action='store_true',
        help='leave out the times of inference and training, for which the '
        'plain path and a variant must fit into memory together')
    add('--device',
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help='cpu, cuda or cuda:N (default: cuda where there is one)')
    add('--threads', type=integer(1), metavar='N', help='of torch')
    add('--check-outputs',
        action='store_true',
        help='only compare the outputs with those of the plain path')
    add('--out', type=Path, metavar='DIR', help='folder of the report')
    args = parser.parse_args()
    try:
        return args, check(args)
    except (ValueError, OSError, LookupError, AttributeError,
            TypeError) as error:
        parser.error(str(error))


def check(args: argparse.Namespace) -> list[str]:
    """Check and complete the arguments.

    Returns:
        The tasks of the model.

    Raises:
        ValueError: An argument is not allowed.
        FileNotFoundError: There is no such file.
    """
    args.groups = args.groups or list(GROUPS)
    require('GROUP', args.groups, GROUPS)
    for name in 'config', 'checkpoint':
        file = getattr(args, name)
        if file and not Path(file).is_file():
            raise FileNotFoundError(f'--{name} {file} does not exist')
    if args.out and args.out.exists() and not args.out.is_dir():
        raise ValueError(f'--out {args.out} must be a folder')
    device = args.device.split(':')[0]
    if device not in ('cpu', 'cuda'):
        raise ValueError(
            f'--device must be cpu, cuda or cuda:N, got {args.device!r}')
    if device == 'cuda' and not torch.cuda.is_available():
        raise ValueError(f'--device {args.device}, but torch finds no CUDA')
    if args.variants:
        known = [
            variant.name for group in ('inference', 'training')
            if group in args.groups
            for variant in variants_of(group, args.device)
        ]
        if not known:
            raise ValueError('--variants are of the groups inference and '
                             f'training, but got only {args.groups}')
        require('--variants', args.variants, known)
    cfg = Config.fromfile(args.config, import_custom_modules=False)
    cfg.merge_from_dict(args.cfg_options or {})
    if cfg.get('model', {}).get('type') != 'UPOCR':
        raise ValueError(f'--config {args.config} is not that of a UPOCR '
                         "(its model.type is not 'UPOCR')")
    if cfg.model.get('test_cfg'):
        raise ValueError(
            'model.test_cfg must not be set: --variants choose '
            f'precision and compilation, got {cfg.model.test_cfg}')
    tasks = list(cfg.model.task_prompt.tasks)
    args.tasks = args.tasks or sorted({1, len(tasks)})
    if max(args.tasks) > len(tasks):
        raise ValueError(f'--tasks must be from 1 to {len(tasks)}, the number '
                         f'of tasks of the model, got {max(args.tasks)}')
    if {'data', 'loop'} & set(args.groups) and not args.check_outputs:
        loaded = loaded_tasks(cfg)
        if 'loop' in args.groups and args.train_batch % len(loaded):
            raise ValueError('--train-batch must be a multiple of the number '
                             f'of tasks, {len(loaded)}, for the loop, got '
                             f'{args.train_batch}')
    return tasks


def require(name: str, values: list[str], allowed: Collection[str]) -> None:
    """Refuse values that are not allowed.

    Raises:
        ValueError: There is one.
    """
    for value in values:
        if value not in allowed:
            raise ValueError(
                f'{name} must be of {", ".join(dict.fromkeys(allowed))}, got '
                f'{value!r}')


def loaded_tasks(cfg: Config) -> list[str]:
    """Tasks of the training data.

    Raises:
        ValueError: There are none whose files can be drawn.
    """
    dataset = cfg.get('train_dataloader', {}).get('dataset', {})
    if dataset.get('type') != 'MultiTaskDataset':
        raise ValueError('the groups data and loop need a configuration whose '
                         'train_dataloader.dataset is a MultiTaskDataset')
    tasks = [t for t, child in dataset.datasets.items() if child is not None]
    require('tasks of the training data', tasks, FILE_SIZES)
    return tasks
