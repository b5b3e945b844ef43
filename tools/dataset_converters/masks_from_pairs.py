"""Make text masks of pictures and the same pictures without text.

For data sets that come without masks, as SCUT-Syn. A pixel is text if a
channel differs by more than the threshold; narrow gaps are closed, small
groups are noise. In the masks (PNG) text is 0 and background 255. A second
call writes only what is missing.

    python tools/dataset_converters/masks_from_pairs.py syn_train/img \\
        syn_train/label syn_train/mask
"""
from __future__ import annotations
import argparse
import sys

from upocr_mm.datasets.conversion import guarded, write_masks_from_pairs
from upocr_mm.datasets.data_check import format_problems


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('images', help='folder of pictures')
    parser.add_argument('labels', help='folder of the same without text')
    parser.add_argument('masks', help='folder to write')
    parser.add_argument(
        '--threshold',
        type=int,
        default=25,
        help='difference, of 255, that is still noise (default: 25)')
    parser.add_argument(
        '--closing',
        type=int,
        default=3,
        help='width in pixels up to which gaps are closed, odd (default: 3; '
        '1: none)')
    parser.add_argument(
        '--min-area',
        type=int,
        default=10,
        help='pixels of the smallest group that is kept (default: 10)')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='say what would be done and what is missing; write nothing')
    args = parser.parse_args()
    if not 0 <= args.threshold <= 254:
        parser.error(f'--threshold must be 0 to 254, got {args.threshold}')
    if args.closing < 1 or args.closing % 2 == 0:
        parser.error(f'--closing must be odd and positive, got {args.closing}')
    if args.min_area < 1:
        parser.error(f'--min-area must be at least 1, got {args.min_area}')
    return args


def convert(args: argparse.Namespace) -> int:
    result = write_masks_from_pairs(
        args.images,
        args.labels,
        args.masks,
        threshold=args.threshold,
        closing=args.closing,
        min_area=args.min_area,
        dry_run=args.dry_run,
        progress=sys.stderr.isatty())
    present = f'{result.present:,} are there already'
    if args.dry_run:
        print(f'dry run, nothing is written: {result.written:,} masks would '
              f'be written to {args.masks}, {present}')
    elif result.written:
        print(f'{result.written:,} masks written to {args.masks}, {present}')
    else:
        print(f'nothing was written to {args.masks}: {present}')
    if result.empty:
        listed = ', '.join(result.empty[:5])
        if len(result.empty) > 5:
            listed += ', ...'
        print(f'  {len(result.empty):,} without any text: {listed}')
    if not result.problems:
        return 0
    print(
        format_problems('masks_from_pairs', result.problems), file=sys.stderr)
    return 1


def main() -> int:
    args = parse_args()
    return guarded('masks_from_pairs', lambda: convert(args))


if __name__ == '__main__':
    sys.exit(main())
