"""Fetch fonts of many kinds and scripts to draw text with.

They come from Debian packages, downloaded with apt-get and unpacked without
being installed. OUT/fonts.csv names the family, style, kind and scripts of
each face, its package and license. Give OUT to the data engine as its folder
of fonts.

    python tools/synthesis_assets/fetch_fonts.py data/fonts
"""
from __future__ import annotations
import argparse
import sys

from upocr_mm.synthesis.assets import DebianError, fetch_fonts
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
        help='Debian packages to take from (default: all of the table in '
        'upocr_mm/synthesis/assets/font_packages.py, 0.2 GB)')
    parser.add_argument(
        '--deb-dir',
        metavar='DIR',
        help='where to keep downloaded packages and to find them again '
        '(default: they are removed)')
    parser.add_argument(
        '--dry-run', action='store_true', help='only say what would be done')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        refuse_file(args.out_dir)
        failures = fetch_fonts(args.out_dir, args.packages, args.deb_dir,
                               args.dry_run)
    except ValueError as error:
        print(f'fetch_fonts: {error}', file=sys.stderr)
        sys.exit(2)
    except (DebianError, OSError) as error:
        sys.exit(f'fetch_fonts: {error}')
    except KeyboardInterrupt:
        sys.exit('fetch_fonts: interrupted; run it again to go on')
    if failures:
        sys.exit(f'fetch_fonts: {len(failures)} packages could not be '
                 'downloaded; run it again to go on')


if __name__ == '__main__':
    main()
