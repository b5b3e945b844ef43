"""Make synthetic data sets to try every command with, without a download.

They have the layouts of SCUT-EnsText (text removal), TextSeg (text
segmentation) and Tampered-IC13 (tampered text detection).
"""
from __future__ import annotations
import argparse
import sys
import time

from upocr_mm.synthesis import PRESETS, synthesize_dataset
from upocr_mm.synthesis.renderer import DEFAULT_PRESETS
from upocr_mm.utils import UsageError, one_sentence


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder of the data sets, as data/')
    parser.add_argument(
        '--num-train', type=int, default=24, help='training images per task')
    parser.add_argument(
        '--num-val',
        type=int,
        default=4,
        help='validation images (only TextSeg has them)')
    parser.add_argument(
        '--num-test', type=int, default=8, help='test images per task')
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=[128, 128],
        metavar=('H', 'W'),
        help='height and width of the images')
    parser.add_argument(
        '--presets',
        nargs='+',
        choices=list(PRESETS),
        default=list(DEFAULT_PRESETS),
        help='kinds of pictures, equally likely')
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument(
        '--workers', type=int, default=1, help='number of processes')
    parser.add_argument(
        '--tasks',
        nargs='+',
        default=[
            'text_removal', 'text_segmentation', 'tampered_text_detection'
        ],
        metavar='TASK',
        help='tasks to make data for')
    parser.add_argument(
        '--fonts', metavar='DIR', help='folder of further TrueType fonts')
    parser.add_argument(
        '--system-fonts',
        action='store_true',
        help='use the fonts of this machine, too')
    parser.add_argument(
        '--backgrounds',
        metavar='DIR',
        help='folder of photographs without text')
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace data sets that this tool has made')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    start = time.time()
    with one_sentence():
        try:
            roots = synthesize_dataset(
                args.out_dir,
                num_train=args.num_train,
                num_test=args.num_test,
                size=tuple(args.size),
                seed=args.seed,
                num_workers=args.workers,
                tasks=args.tasks,
                font_dir=args.fonts,
                background_dir=args.backgrounds,
                overwrite=args.overwrite,
                num_val=args.num_val,
                presets=args.presets,
                system_fonts=args.system_fonts,
                progress=sys.stdout.isatty())
        except (FileExistsError, TypeError, ValueError) as error:
            raise UsageError(str(error)) from error
    print(f'Made in {time.time() - start:.1f} s:')
    for task, root in roots.items():
        val = f'{args.num_val} val, ' if task == 'text_segmentation' else ''
        print(f'  {task}: {args.num_train} train, {val}{args.num_test} test '
              f'images of {args.size[0]}x{args.size[1]} in {root}')


if __name__ == '__main__':
    main()
