"""Print the scores of several tested models as one table.

Each folder is the --work-dir of a `mim test` (the newest scores below it
count) or the --out-dir of score_folders.py; a name can stand before it.

    python tools/analysis/score_table.py UPOCR=work_dirs/upocr U-Net=work_dirs/unet
"""  # noqa: E501
from __future__ import annotations
import argparse
import json
from pathlib import Path
from typing import Sequence

from upocr_mm.utils import UsageError, one_sentence, reason_of

# The columns of the paper's Tables 1, 4 and 5.
METRICS = ('text_removal/PSNR', 'text_removal/MSSIM', 'text_removal/MSE',
           'text_segmentation/fgIoU', 'text_segmentation/F',
           'tampered_text_detection/mIoU', 'tampered_text_detection/mF')


def read_scores(folder: Path) -> dict[str, float]:
    """The newest scores that a test, or score_folders.py, wrote.

    Raises:
        FileNotFoundError: There are none.
        ValueError: The file is damaged.
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
    file = max(found)[1]
    try:
        scores = json.loads(file.read_text(encoding='utf-8'))
        return {k: float(v) for k, v in scores.items() if '/' in k}
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f'{file} does not hold scores, or only a part of '
                         f'them: {reason_of(error)}') from None


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
    with one_sentence():
        print(table(args.folders, args.metrics))


def table(folders: list[str], metrics: Sequence[str]) -> str:
    """The table of several tests.

    Raises:
        FileNotFoundError: A folder holds no scores.
        ValueError: Scores are damaged, or no test has one that is asked for.
    """
    rows = {}
    for folder in folders:
        name, _, path = folder.rpartition('=')
        name = name or Path(path).name
        if name in rows:
            raise UsageError(f'two tests are called {name}; name them '
                             'NAME=WORK_DIR')
        rows[name] = read_scores(Path(path))
    found = {key for scores in rows.values() for key in scores}
    if metrics is METRICS:
        return format_table(rows, [key for key in METRICS if key in found])
    unknown = [key for key in metrics if key not in found]
    if unknown:
        raise UsageError(f'no test has the scores {unknown}, but '
                         f'{sorted(found)}')
    return format_table(rows, list(metrics))


if __name__ == '__main__':
    main()
