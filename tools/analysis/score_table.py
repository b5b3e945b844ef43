"""Print the scores of several tested models as one table.

Each folder is the --work-dir of a `mim test` (the newest scores below it
count) or the --out-dir of score_folders.py; a name can stand before it.

    python tools/analysis/score_table.py UPOCR=work_dirs/upocr U-Net=work_dirs/unet
"""  # noqa: E501
from __future__ import annotations
import argparse
import json
import sys
from pathlib import Path

# The columns of the paper's Tables 1, 4 and 5.
METRICS = ('text_removal/PSNR', 'text_removal/MSSIM', 'text_removal/MSE',
           'text_segmentation/fgIoU', 'text_segmentation/F',
           'tampered_text_detection/mIoU', 'tampered_text_detection/mF')


def read_scores(folder: Path) -> dict[str, float]:
    """The newest scores that a test, or score_folders.py, wrote.

    Raises:
        FileNotFoundError: There are none.
    """
    found = []
    if (folder / 'scores.json').is_file():
        found.append(('', folder / 'scores.json'))  # of score_folders.py
    # mmengine writes them to <work dir>/<time>/<time>.json.
    for file in folder.rglob('*.json'):
        if file.stem == file.parent.name:
            found.append((file.stem, file))
    if not found:
        raise FileNotFoundError(
            f'{folder} holds no scores; it must be the --work-dir of a '
            '`mim test` (they lie in <folder>/<time>/<time>.json) or the '
            '--out-dir of score_folders.py')
    scores = json.loads(max(found)[1].read_text())
    return {k: v for k, v in scores.items() if '/' in k}


def format_table(rows: dict[str, dict[str, float]], metrics: list[str]) -> str:
    """A Markdown table; empty where a model has no such score."""
    lines = [['model', *metrics]] + [[
        name, *(f'{scores[key]:.2f}' if key in scores else ''
                for key in metrics)
    ] for name, scores in rows.items()]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ['-' * width for width in widths])
    return '\n'.join(
        '| ' +
        ' | '.join(cell.ljust(width)
                   for cell, width in zip(line, widths)) + ' |'
        for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folders', nargs='+', metavar='[NAME=]WORK_DIR')
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=METRICS,
        help=f'columns (default: {" ".join(METRICS)})')
    args = parser.parse_args()
    rows = {}
    for folder in args.folders:
        name, _, path = folder.rpartition('=')
        try:
            rows[name or Path(path).name] = read_scores(Path(path))
        except (OSError, ValueError) as error:
            sys.exit(str(error))
    found = {key for scores in rows.values() for key in scores}
    if args.metrics is METRICS:
        metrics = [key for key in METRICS if key in found]
    else:
        metrics = list(args.metrics)
        unknown = [key for key in metrics if key not in found]
        if unknown:
            sys.exit(f'no test has the scores {unknown}, but '
                     f'{sorted(found)}')
    print(format_table(rows, metrics))


if __name__ == '__main__':
    main()
