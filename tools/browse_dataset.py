"""Look at what enters the network: sheets of input | target | mask.

Samples are shown after augmentation, targets as the codec of the task draws
them. Of the training data those are shown that a training with this seed sees
first.

    python tools/browse_dataset.py CONFIG --num 32 --tasks text_removal

Exit code: 0 if all is well, 1 if data cannot be loaded, 2 for wrong usage.
"""
from __future__ import annotations
import argparse
import sys
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS, TASK_UTILS

import upocr_mm  # noqa: F401  (registers data sets and codecs)
from upocr_mm.datasets.browse_samples import (build_browsed_dataset,
                                              choose_indices, load_samples)
from upocr_mm.datasets.checks import loaded_dataset
from upocr_mm.datasets.data_check import DataCheckError
from upocr_mm.utils import (ConfigOptions, UsageError, one_sentence,
                            read_config, reason_of)
from upocr_mm.visualization.own_sheet import write_sheet
from upocr_mm.visualization.sample_sheets import (caption_of, draw_grid,
                                                  draw_sample)

PER_SHEET = 16


def positive(text: str) -> int:
    """A type of arguments: an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'must be an integer of at least 1, got {text!r}')
    return int(text)


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    # yapf: disable
    add('config', metavar='CONFIG', type=Path, help='any configuration')
    add('--split', choices=['train', 'val', 'test'], default='train',
        help='the data loader to take (default: train)')
    add('--tasks', nargs='+', metavar='TASK',
        help='only these tasks (default: all)')
    add('--num', type=positive, default=PER_SHEET, metavar='N',
        help=f'samples of each task (default: {PER_SHEET})')
    add('--seed', type=int, help='which samples, and how they are augmented '
        '(default: randomness.seed of the configuration, else 0)')
    add('--height', type=positive, default=256, metavar='PX',
        help='height of the pictures in a sheet (default: 256)')
    add('--out-dir', type=Path, metavar='DIR',
        help='where to (default: work_dirs/<name of CONFIG>/browse)')
    add('--cfg-options', nargs='+', action=ConfigOptions, metavar='KEY=VALUE',
        help='changes of the configuration')
    # yapf: enable
    return parser, parser.parse_args()


def write_sheets(cfg: Config, args: argparse.Namespace, out_dir: Path) -> int:
    """Write the sheets of all tasks; the number of samples that failed."""
    dataset = build_browsed_dataset(
        loaded_dataset(cfg, args.split), args.tasks)
    codecs = cfg.get('model', {}).get('codecs') or {}
    preprocessor = MODELS.build(
        cfg.model.data_preprocessor if codecs else dict(
            type='ImageToImageDataPreprocessor'))
    failed = 0
    chosen = choose_indices(dataset, args.num, args.seed,
                            args.split == 'train')
    for task, indices in chosen.items():
        codec = codecs.get(task) and TASK_UTILS.build(codecs[task])
        palette = dataset.metainfo['tasks'][task].get('palette')
        for first in range(0, len(indices), PER_SHEET):
            panels = []
            for loaded in load_samples(dataset,
                                       indices[first:first + PER_SHEET]):
                if loaded.packed is None:
                    failed += 1
                    print(
                        f'browse_dataset: {loaded.img_path} cannot be loaded: '
                        f'{loaded.error}',
                        file=sys.stderr)
                    continue
                batch = preprocessor(pseudo_collate([loaded.packed]))
                sample, = batch['data_samples']
                panels.append((caption_of(loaded.index, sample),
                               draw_sample(batch['inputs'][0], sample, codec,
                                           palette)))
            if not panels:
                continue
            number = first // PER_SHEET + 1
            file = out_dir / f'{args.split}_{task}_{number}.png'
            write_sheet(draw_grid(panels, args.height), file)
            print(f'{file}: {len(panels)} samples of {task} ({args.split})')
    return failed


def main() -> None:
    parser, args = parse_args()
    out_dir = args.out_dir or Path('work_dirs', args.config.stem, 'browse')
    if out_dir.exists() and not out_dir.is_dir():
        parser.error(f'--out-dir {out_dir} is a file')
    init_default_scope('mmseg')
    with one_sentence():
        cfg = read_config(args.config, args.cfg_options, True)
        if not cfg.get(f'{args.split}_dataloader'):
            raise UsageError(f'{args.config} has no {args.split}_dataloader')
        if args.seed is None:
            args.seed = (cfg.get('randomness') or {}).get('seed') or 0
        try:
            failed = write_sheets(cfg, args, out_dir)
        except DataCheckError:
            raise
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # The fields of the config are wrong, or --tasks.
            raise UsageError(reason_of(error)) from error
        sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
