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

from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope

import upocr_mm  # noqa: F401  (registers the data sets)
from upocr_mm.datasets.checks import (check_parts, format_report,
                                      parts_in_folder, parts_of_config,
                                      report_dict)
from upocr_mm.datasets.checks.near_duplicates import BITS, MAX_DISTANCE
from upocr_mm.utils import reason_of, written_whole


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
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
        action=DictAction,
        metavar='KEY=VALUE',
        help='changes of the configuration; for a folder, arguments of its '
        'data sets')
    return parser, parser.parse_args()


def main() -> None:
    parser, args = parse_args()
    init_default_scope('mmseg')
    options, notes = args.cfg_options or {}, []
    try:
        if args.json and args.json.is_dir():
            raise ValueError(f'--json {args.json} is a folder')
        if args.source.is_dir():
            parts = parts_in_folder(args.source, options)
        else:
            cfg = Config.fromfile(args.source)
            cfg.merge_from_dict(options)
            parts, notes = parts_of_config(cfg)
    except (ValueError, TypeError, LookupError, OSError, ImportError,
            SyntaxError) as error:
        parser.error(reason_of(error))
    try:
        report = check_parts(
            parts,
            args.workers,
            None if args.no_duplicates else args.max_distance,
            progress=sys.stderr.isatty())
    except ValueError as error:  # a number out of its range
        parser.error(str(error))
    except (OSError, RuntimeError) as error:
        sys.exit(f'check_dataset: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
    report.notes[:0] = notes
    print(format_report(report))
    if args.json:
        try:
            with written_whole(args.json) as folder:
                (folder / args.json.name).write_text(
                    json.dumps(report_dict(report), indent=1) + '\n',
                    encoding='utf-8')
        except OSError as error:
            sys.exit(f'check_dataset: --json {args.json} cannot be written: '
                     f'{error}')
    sys.exit(0 if report.is_fine else 1)


if __name__ == '__main__':
    main()
