"""The arguments of the command ``upocr``."""
from __future__ import annotations
import argparse
from pathlib import Path
from typing import Sequence

from ..version import __version__
from . import models
from .compositing import MAX_GROWTH, PRESETS, parse_shapes
from .interpreting import REMOVAL, SEGMENTATION, TAMPERING
from .options import COMPOSITES, SIZINGS
from .picture import MAX_PIXELS
from .run_commands import SCRIPTS
from .saving import FORMATS, QUALITY
from .sources import RESULTS_FOLDER

# Command -> tasks, and the picture that is its result.
COMMANDS = dict(
    remove=([REMOVAL], 'text_free', 'the picture without its text'),
    segment=([SEGMENTATION], 'text_mask', 'the strokes of text, as a mask'),
    detect=([TAMPERING], 'tampered', 'real and tampered text, outlined'),
    all=('all', None, 'everything: pictures, masks and JSON'),
)


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        arguments: Its words; None takes those of the process.

    Returns:
        ``command``, one of :data:`COMMANDS`, ``models``, ``serve`` or
        ``export``, and its options.
    """
    parser = argparse.ArgumentParser(
        prog='upocr',
        description='Text removal, text segmentation and '
        'tampered text detection in pictures.')
    parser.add_argument(
        '--version', action='version', version=f'upocr_mm {__version__}')
    commands = parser.add_subparsers(dest='command', required=True)
    for name, (_, _, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what)
        _add_inputs(command)
        _add_model(command)
        _add_prediction(command, name)
    for name, what in SCRIPTS.items():
        commands.add_parser(name, help=what)
    listing = commands.add_parser('models', help='list the models')
    listing.add_argument('pattern', nargs='?', default='.*')
    listing.add_argument(
        '--json', action='store_true', help='print JSON instead of a table')
    serve = commands.add_parser(
        'serve', help='a page in the browser, and HTTP')
    _add_server(serve)
    _add_model(serve, batches=False)
    export = commands.add_parser(
        'export', help='write a model as a file of ONNX')
    export.add_argument('out', type=Path, help='the file to write, *.onnx')
    _add_model(export, runs=False)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:  # argparse would print the usage of `upocr` alone
        commands.choices[args.command].error(
            f'unrecognized arguments: {" ".join(unknown)}')
    return args


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'inputs',
        nargs='+',
        help="pictures, folders, patterns like 'scans/**/*.png', or - for "
        'the standard input')
    group = parser.add_argument_group('files')
    group.add_argument(
        '-o',
        '--out',
        default=RESULTS_FOLDER,
        help='folder for the results, which repeats that of the inputs; a '
        'file for one picture; - for the standard output (default: '
        f'{RESULTS_FOLDER})')
    group.add_argument(
        '--format',
        choices=['auto', 'same', *(s[1:] for s in FORMATS)],
        default='auto',
        help='of the pictures: auto keeps formats that lose nothing and '
        'writes others as PNG; same keeps all (default: auto)')
    group.add_argument(
        '--quality',
        type=int,
        default=QUALITY,
        metavar='Q',
        help=f'of JPEG and WebP, 1 to 100 (default: {QUALITY})')
    group.add_argument(
        '--suffix', default='', help='added to the names of the results')
    group.add_argument(
        '--no-recursive', action='store_true', help='skip subfolders')
    group.add_argument(
        '--skip-existing',
        action='store_true',
        help='skip pictures whose result is there')
    group.add_argument(
        '--json',
        metavar='FILE',
        help='write boxes and scores, a line of JSON for each picture; - for '
        'the standard output')
    group.add_argument(
        '--shard',
        metavar='K/N',
        help='only the K-th of N equal parts of the pictures, for several '
        'machines')
    group.add_argument(
        '--max-pixels',
        type=int,
        default=MAX_PIXELS,
        metavar='N',
        help=f'larger pictures are refused (default: {MAX_PIXELS})')
    group.add_argument('--quiet', action='store_true', help='no progress')


def _add_model(parser: argparse.ArgumentParser,
               runs: bool = True,
               batches: bool = True) -> None:
    group = parser.add_argument_group('model')
    group.add_argument(
        '--model',
        default='upocr_swinv2-n',
        help='a name of `upocr models`, or a configuration (default: '
        'upocr_swinv2-n)')
    group.add_argument(
        '--weights',
        metavar='FILE',
        help='a checkpoint; needed unless one comes with the model, as '
        '`upocr models` tells')
    group.add_argument(
        '--size',
        type=int,
        help='side of the pictures that the model computes, a multiple of 32 '
        '(default: that of its training)')
    if not runs:
        return
    group.add_argument('--device', help='cpu or cuda (default: a GPU if any)')
    group.add_argument('--backend', choices=models.BACKENDS, default='auto')
    group.add_argument('--dtype', choices=models.DTYPES, default='float32')
    group.add_argument('--num-threads', type=int, metavar='N')
    if not batches:
        return
    group.add_argument(
        '--batch-size',
        type=int,
        default=1,
        metavar='N',
        help='pictures, or tiles of one, in one pass (default: 1)')


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='interface to listen on; 0.0.0.0 lets other machines in, without '
        'any password (default: 127.0.0.1)')
    parser.add_argument(
        '--port', type=int, default=7860, help='(default: 7860)')
    parser.add_argument(
        '--max-upload',
        type=int,
        default=32,
        metavar='MIB',
        help='larger uploads are refused (default: 32)')
    parser.add_argument(
        '--max-pixels',
        type=int,
        default=50_000_000,
        metavar='N',
        help='larger pictures are refused (default: 50000000)')
    parser.add_argument(
        '--max-waiting',
        type=int,
        default=16,
        metavar='N',
        help='further requests are refused (default: 16)')


def _add_prediction(parser: argparse.ArgumentParser, command: str) -> None:
    group = parser.add_argument_group('prediction')
    group.add_argument(
        '--sizing',
        choices=SIZINGS,
        default='auto',
        help='resize the picture as a whole, or cut it into tiles (default: '
        'auto, by the height of its text)')
    group.add_argument(
        '--tile',
        dest='sizing',
        action='store_const',
        const='tile',
        help='short for --sizing tile')
    group.add_argument(
        '--overlap',
        type=int,
        metavar='N',
        help='of tiles, in pixels '
        '(default: a quarter of a tile)')
    group.add_argument(
        '--tta',
        action='store_true',
        help='average with the mirror image and with both reduced: better, '
        'in four times the time')
    group.add_argument(
        '--threshold',
        type=float,
        metavar='T',
        help='above which the segmentation is text, 0 to 1')
    if command not in ('remove', 'all'):
        return
    group = parser.add_argument_group('what is removed')
    group.add_argument(
        '--preset',
        choices=list(PRESETS),
        default='normal',
        help='how much counts as text (default: normal)')
    group.add_argument(
        '--dilation',
        type=int,
        metavar='N',
        help=f'growth of the text in pixels, at most {MAX_GROWTH} (default: '
        'by the preset)')
    group.add_argument(
        '--feather',
        type=int,
        metavar='N',
        help='width in pixels over which new and old blend, at most '
        f'{MAX_GROWTH} (default: by the preset)')
    group.add_argument(
        '--composite',
        choices=COMPOSITES,
        default='text',
        help='text: nothing but the text changes; none: the output of the '
        'model as it is (default: text)')
    group.add_argument(
        '--mask',
        default='segmentation',
        help='what text is: segmentation, change, regions, or the file of a '
        'mask, not black where text is (default: segmentation)')
    for name, what in (('regions', 'only there'), ('keep', 'not there')):
        group.add_argument(
            f'--{name}',
            type=_shapes,
            metavar='JSON',
            help=f'boxes [x1,y1,x2,y2] and polygons [[x,y],...]: remove text '
            f'{what}')


def _shapes(text: str) -> list:
    try:
        return parse_shapes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
