"""Check and measure the data sets of a configuration or of a folder.

Every file is decoded. All problems are listed, then statistics, and pictures
of the test data that are in the training data as well.

    python tools/check_dataset.py configs/upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py
    python tools/check_dataset.py data/ --json report.json

Exit code: 0 if all is well, 1 if there are problems, 2 for wrong usage.
"""  # noqa: E501
from __future__ import annotations
import argparse
import json
import os
import sys
from pathlib import Path

from mmengine.registry import init_default_scope

import upocr_mm  # noqa: F401  (registers the data sets)
from upocr_mm.datasets.checks import (CheckReport, DataPart, check_parts,
                                      format_report, parts_in_folder,
                                      parts_of_config, report_dict)
from upocr_mm.datasets.checks.near_duplicates import BITS, MAX_DISTANCE
from upocr_mm.utils import (ConfigOptions, UsageError, one_sentence,
                            read_config, reason_of, write_whole)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'source',
        metavar='CONFIG_OR_FOLDER',
        type=Path,
        help='configuration, or folder of one or more data sets')
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count() or 1,
        help='number of processes (default: one for each core)')
    parser.add_argument(
        '--json', type=Path, metavar='FILE', help='also write a report there')
    parser.add_argument(
        '--max-distance',
        type=int,
        default=MAX_DISTANCE,
        metavar='BITS',
        help=f'bits, of {BITS}, in which the perceptual hashes of '
        f'near-duplicates may differ (default: {MAX_DISTANCE})')
    parser.add_argument(
        '--no-duplicates',
        action='store_true',
        help='do not look for near-duplicates')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='changes of the configuration; for a folder, arguments of its '
        'data sets')
    return parser.parse_args()


def find_parts(args: argparse.Namespace) -> tuple[list[DataPart], list[str]]:
    """The data sets to check, and notes on those that are left out."""
    options = args.cfg_options or {}
    if args.json and args.json.exists() and not is_report(args.json):
        what = ('is a folder' if args.json.is_dir() else
                'is there already and is no report of this tool')
        raise UsageError(f'--json {args.json} {what}; name another file')
    if args.source.is_dir():
        return parts_in_folder(args.source, options), []
    if not args.source.exists():
        raise UsageError(f'{args.source} does not exist; name a config or a '
                         'folder of data sets')
    return parts_of_config(read_config(args.source, options, True))


def is_report(file: Path) -> bool:
    """Whether this tool has written a file."""
    try:
        report = json.loads(file.read_text(encoding='utf-8'))
        return set(report) == set(report_dict(CheckReport([], [], [])))
    except (OSError, ValueError, TypeError):
        return False


def check(args: argparse.Namespace) -> int:
    """Check, print and write the report; the exit code."""
    try:
        parts, notes = find_parts(args)
        report = check_parts(
            parts,
            args.workers,
            None if args.no_duplicates else args.max_distance,
            progress=sys.stderr.isatty())
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        # The fields of the config are wrong, or a number out of its range.
        raise UsageError(reason_of(error)) from error
    except RuntimeError as error:
        sys.exit(f'check_dataset: {error}')
    report.notes[:0] = notes
    print(format_report(report))
    if args.json:
        text = json.dumps(report_dict(report), indent=1) + '\n'
        write_whole(text.encode(), args.json)
    return 0 if report.is_fine else 1


def main() -> None:
    args = parse_args()
    init_default_scope('mmseg')
    with one_sentence():
        sys.exit(check(args))


if __name__ == '__main__':
    main()
