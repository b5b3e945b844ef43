"""What the commands that convert data sets have in common."""
from __future__ import annotations
import argparse
import sys
from pathlib import Path
from typing import Callable

from ...utils import sentence_of
from ..data_check import format_problems
from .convert import convert
from .converter import Converter

EXIT_DATA, EXIT_USAGE, EXIT_INTERRUPT = 1, 2, 130


def converter_parser(description: str, counts: dict[str, int],
                     dst: str) -> argparse.ArgumentParser:
    """The arguments of a command that converts a download.

    Args:
        description: Of the command.
        counts: Published number of images of each split.
        dst: Example of the folder to write.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'sources',
        nargs='+',
        metavar='SOURCE',
        help='folder or archive (.zip, .tar, .tar.gz) of the download; '
        'archives directly in a folder are looked into')
    parser.add_argument('dst', help=f'folder of the data set, as {dst}')
    parser.add_argument(
        '--splits',
        nargs='+',
        choices=list(counts),
        default=list(counts),
        help='splits to convert (default: all)')
    parser.add_argument(
        '--copy',
        action='store_true',
        help='copy the pictures of folders; by default they are hard-linked '
        'where the disk can')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='say what would be done and what is missing; write nothing')
    return parser


def run_converter(tool: str, converter: Converter,
                  args: argparse.Namespace) -> int:
    """Convert, and print what was done.

    Args:
        tool: Name of the command.
        converter: Knows the data set.
        args: Of :func:`converter_parser`.

    Returns:
        The exit code.
    """

    def action() -> int:
        result = convert(
            converter,
            args.sources,
            args.dst,
            link=not args.copy,
            dry_run=args.dry_run,
            progress=sys.stderr.isatty())
        total = sum(result.found.values())
        if args.dry_run:
            print(f'dry run, nothing is written: {result.written:,} samples '
                  f'would be written to {args.dst} '
                  f'({result.num_bytes / 1e6:,.1f} MB to copy), '
                  f'{total - result.written:,} are there already')
        elif result.written:
            print(f'{result.written:,} samples written to {args.dst}, '
                  f'{total - result.written:,} were there already')
        else:
            done = 'was written' if result.problems else 'to do'
            print(f'nothing {done}: {total:,} samples are in {args.dst} '
                  'already')
        for split, count in result.found.items():
            print(f'  {split}: {count:,} of {converter.counts[split]:,}')
        if not result.problems:
            return 0
        print(format_problems(tool, result.problems), file=sys.stderr)
        return EXIT_DATA

    return guarded(tool, action)


def guarded(tool: str, action: Callable[[], int]) -> int:
    """Run a command; errors become one sentence and an exit code.

    Args:
        tool: Name of the command.
        action: Does the work; its exit code.

    Returns:
        The exit code: that of the work, 1 for bad data or a full disk, 2 for
        wrong usage, 130 after an interrupt.
    """
    try:
        return action()
    except (FileNotFoundError, NotADirectoryError) as error:
        print(f'{tool}: {error}', file=sys.stderr)
        return EXIT_USAGE
    except ValueError as error:
        print(f'{tool}: {error}', file=sys.stderr)
        return EXIT_DATA
    except OSError as error:
        print(
            f'{tool}: {sentence_of(error)}; what is written is whole, and '
            'the same command goes on',
            file=sys.stderr)
        return EXIT_DATA
    except KeyboardInterrupt:
        print(
            f'{tool}: interrupted; what is written is whole, and the same '
            'command goes on',
            file=sys.stderr)
        return EXIT_INTERRUPT


def check_folder(path: Path) -> None:
    """Refuse what is no folder.

    Args:
        path: Of a folder.

    Raises:
        FileNotFoundError: It does not exist.
        NotADirectoryError: It is something else.
    """
    if not path.exists():
        raise FileNotFoundError(f'the folder {path} does not exist')
    if not path.is_dir():
        raise NotADirectoryError(f'{path} is not a folder')
