"""Fetch photographs and textures without text to draw on.

They come from Debian packages, downloaded with apt-get and unpacked without
being installed, and from installed Python packages. OUT/sources.csv names the
package, the license and the copyright of each. Give OUT to the data engine as
its folder of backgrounds.

    python tools/synthesis_assets/fetch_backgrounds.py data/backgrounds
"""
from __future__ import annotations
import argparse
import sys

from upocr_mm.synthesis.assets import (BackgroundCollector, DebianError,
                                       TextReader, fetch_backgrounds)
from upocr_mm.utils import refuse_file


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out_dir', metavar='OUT', help='folder to write')
    parser.add_argument(
        '--packages',
        nargs='+',
        metavar='NAME',
        help='Debian packages, scikit-image and scikit-learn to take from '
        '(default: all of the table in '
        'upocr_mm/synthesis/assets/background_packages.py, 1.3 GB)')
    parser.add_argument(
        '--deb-dir',
        metavar='DIR',
        help='where to keep downloaded packages and to find them again '
        '(default: they are removed)')
    parser.add_argument(
        '--no-text-filter',
        action='store_true',
        help='keep pictures that show text')
    parser.add_argument(
        '--dry-run', action='store_true', help='only say what would be done')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        refuse_file(args.out_dir)
        has_text = None
        if not args.no_text_filter:
            try:
                has_text = TextReader()
            except ImportError as error:
                print(f'Pictures that show text are not dropped: {error}')
        failures = fetch_backgrounds(
            args.out_dir,
            args.packages,
            BackgroundCollector(has_text),
            deb_dir=args.deb_dir,
            dry_run=args.dry_run,
            tick=tick if sys.stdout.isatty() else lambda number: None)
    except ValueError as error:
        print(f'fetch_backgrounds: {error}', file=sys.stderr)
        sys.exit(2)
    except (DebianError, OSError) as error:
        sys.exit(f'fetch_backgrounds: {error}')
    except KeyboardInterrupt:
        sys.exit('fetch_backgrounds: interrupted; run it again to go on')
    if failures:
        sys.exit(f'fetch_backgrounds: {len(failures)} packages could not be '
                 'downloaded; run it again to go on')


def tick(number: int) -> None:
    print(f'\r  picture {number}\r', end='', flush=True)


if __name__ == '__main__':
    main()
