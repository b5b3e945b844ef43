"""The command ``upocr``: from files and folders to files and folders."""
from __future__ import annotations
import argparse
import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, Iterator, Sequence

from PIL import Image

from . import models
from .compositing import PRESETS
from .folder_run import FolderRun
from .inferencer import UPOCRInferencer
from .interpreting import REMOVAL, SEGMENTATION, TAMPERING
from .options import COMPOSITES, MASKS, SIZINGS, PredictOptions
from .picture import MAX_PIXELS, read_pictures
from .prediction import Prediction
from .saving import (FORMATS, QUALITY, result_images, save_image,
                     save_prediction, write_image)
from .sources import SourceFile, find_sources

# Command -> tasks, and the picture that is its result.
COMMANDS = dict(
    remove=([REMOVAL], 'text_free', 'the picture without its text'),
    segment=([SEGMENTATION], 'text_mask', 'the strokes of text, as a mask'),
    detect=([TAMPERING], 'tampered', 'real and tampered text, outlined'),
    all=('all', None, 'everything: pictures, masks and JSON'),
)
# What loses nothing; pictures in other formats are written as PNG.
LOSSLESS = ('.png', '.tif', '.tiff', '.bmp')
EXIT_DATA, EXIT_USAGE, EXIT_INTERRUPT = 1, 2, 130


class UsageError(Exception):
    """Something in the command line is wrong."""


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='upocr',
        description='Text removal, text segmentation and '
        'tampered text detection in pictures.')
    commands = parser.add_subparsers(dest='command', required=True)
    for name, (_, _, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what)
        _add_inputs(command)
        _add_model(command)
        _add_prediction(command, name)
    listing = commands.add_parser('models', help='list the models')
    listing.add_argument('pattern', nargs='?', default='.*')
    listing.add_argument(
        '--json', action='store_true', help='print JSON instead of a table')
    export = commands.add_parser(
        'export', help='write a model as a file of ONNX')
    export.add_argument('out', type=Path, help='the file to write, *.onnx')
    _add_model(export, runs=False)
    args = parser.parse_args(arguments)
    args.parser = parser
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
        default='upocr_output',
        help='folder for the results, which repeats that of the inputs; a '
        'file for one picture; - for the standard output (default: '
        'upocr_output)')
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


def _add_model(parser: argparse.ArgumentParser, runs: bool = True) -> None:
    group = parser.add_argument_group('model')
    group.add_argument(
        '--model',
        default='upocr_swinv2-n',
        help='a name of `upocr models`, or a configuration (default: '
        'upocr_swinv2-n)')
    group.add_argument(
        '--weights',
        metavar='FILE',
        help='a checkpoint (default: that which '
        'comes with the model)')
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
    group.add_argument(
        '--batch-size',
        type=int,
        default=1,
        metavar='N',
        help='pictures, or tiles of one, in one pass (default: 1)')


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
        help='growth of the text in '
        'pixels (default: by the preset)')
    group.add_argument(
        '--feather',
        type=int,
        metavar='N',
        help='width in pixels over which '
        'new and old blend (default: by the preset)')
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
            type=json.loads,
            metavar='JSON',
            help=f'boxes [x1,y1,x2,y2] and polygons [[x,y],...]: remove text '
            f'{what}')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its words; by default those of the command line.

    Returns:
        The exit code: 0, 1 if a picture failed, 2 if the command is wrong.
    """
    args = parse_args(arguments)
    try:
        if args.command == 'models':
            return list_models(args.pattern, args.json)
        if args.command == 'export':
            return export(args)
        return predict(args)
    except (UsageError, ValueError, FileNotFoundError, ImportError) as error:
        print(f'upocr: {error}', file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f'upocr: {error}', file=sys.stderr)
        return EXIT_DATA
    except KeyboardInterrupt:
        print('upocr: interrupted; what is written is whole', file=sys.stderr)
        return EXIT_INTERRUPT


def list_models(pattern: str, as_json: bool) -> int:
    """Print the model index."""
    entries = models.list_models(pattern)
    if as_json:
        print(json.dumps(entries, indent=1))
        return 0
    for entry in entries:
        weights = 'weights included' if entry.get('Weights') else ''
        print(f'{", ".join(models.names_of(entry)):60} {weights}'.rstrip())
    return 0


def export(args: argparse.Namespace) -> int:
    """Write a model as a file of ONNX."""
    from ..deploy import export_onnx, load_model
    config, weights = models.find_model(args.model, args.weights)
    size = args.size or models.training_size(config)
    done = export_onnx(
        load_model(config, weights), args.out, (size, size), name=config.stem)
    worst = max(done.max_difference.values())
    print(f'{args.out}: written; outputs differ by {worst:.1e} from those of '
          'PyTorch')
    return 0


def predict(args: argparse.Namespace) -> int:
    """Predict pictures and write the results."""
    _check(args)
    tasks, main_image, _ = COMMANDS[args.command]
    options = dict(
        tasks=tasks,
        sizing=args.sizing,
        overlap=args.overlap,
        threshold=args.threshold)
    if args.command in ('remove', 'all'):
        for name in ('preset', 'dilation', 'feather', 'composite', 'regions'):
            options[name] = getattr(args, name)
        options['keep'] = args.keep or ()
        options['mask'] = _mask(args.mask)
    PredictOptions(**options)  # refuses what is wrong before all else
    sources = _sources(args)
    output = Output(args, main_image)
    inferencer = UPOCRInferencer(
        args.model,
        args.weights,
        args.device,
        args.backend,
        args.dtype,
        args.size,
        args.num_threads,
        show_progress=False)
    if not args.quiet:
        print(f'upocr: {inferencer.predictor.name}', file=sys.stderr)
    with _json_lines(args.json) as json_lines:
        run = FolderRun(
            inferencer,
            output.write,
            output.exists if args.skip_existing else None,
            args.batch_size,
            options,
            args.max_pixels,
            json_lines,
            show_progress=not args.quiet)
        outcome = run(sources)
    if not args.quiet:
        print(
            f'upocr: {outcome.done} done, {outcome.skipped} skipped, '
            f'{len(outcome.failed)} failed',
            file=sys.stderr)
    for _, error in outcome.failed:
        print(f'upocr: {error}', file=sys.stderr)
    return EXIT_DATA if outcome.failed else 0


def _check(args: argparse.Namespace) -> None:
    for field, low, high in (('quality', 1, 100), ('batch_size', 1, 4096),
                             ('max_pixels', 1, 2**40)):
        value = getattr(args, field)
        if not low <= value <= high:
            raise UsageError(f'--{field.replace("_", "-")} must lie between '
                             f'{low} and {high}, but got {value}')


def _mask(value: str) -> Any:
    """A name of a mask, or the mask of a file."""
    if value in MASKS:
        return value
    picture = next(read_pictures(value))
    return picture.rgb.max(2) > 127


def _sources(args: argparse.Namespace) -> list[SourceFile]:
    inputs = list(args.inputs)
    if '-' in inputs:
        if len(inputs) > 1:
            raise UsageError('- (the standard input) is one picture, and the '
                             'only input')
        return [SourceFile(sys.stdin.buffer.read(), Path('stdin.png'))]
    sources = list(find_sources(inputs, not args.no_recursive))
    if args.shard:
        try:
            k, n = map(int, args.shard.split('/'))
        except ValueError:
            k, n = 0, 0
        if not 1 <= k <= n:
            raise UsageError('--shard must be K/N with K from 1 to N, but got '
                             f'{args.shard}')
        sources = sources[k - 1::n]
    return sources


@contextlib.contextmanager
def _json_lines(file: str | None) -> Iterator[Any]:
    if file is None:
        yield None
    elif file == '-':
        yield sys.stdout
    else:
        with open(file, 'a', encoding='utf-8') as stream:
            yield stream


class Output:
    """Where the results go.

    Args:
        args: The command line.
        main_image: The picture that is the result; None writes everything.

    Raises:
        UsageError: Results cannot be written there.
    """

    def __init__(self, args: argparse.Namespace,
                 main_image: str | None) -> None:
        self.format = args.format
        self.quality = args.quality
        self.suffix = args.suffix
        self.main_image = main_image
        self.to_stdout = args.out == '-'
        self.out = Path(args.out)
        self.is_file = (not self.to_stdout and main_image is not None
                        and self.out.suffix.lower() in FORMATS)
        single = len(args.inputs) == 1 and not Path(args.inputs[0]).is_dir()
        if (self.to_stdout or self.is_file) and not single:
            raise UsageError(f'--out {args.out} is for one picture; name a '
                             'folder')
        if self.to_stdout and main_image is None:
            raise UsageError('--out - is for one picture, but `upocr all` '
                             'gives several; name a folder')
        if self.to_stdout and args.json == '-':
            raise UsageError('--out - and --json - both write to the standard '
                             'output')
        if not self.to_stdout:
            folder = self.out.parent if self.is_file else self.out
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f'--out {folder} cannot be made: '
                                 f'{error.strerror}') from None
            if not os.access(folder, os.W_OK):
                raise UsageError(f'--out {folder} cannot be written to')

    def _format(self, relative: Path) -> str:
        own = relative.suffix.lower()
        if self.format == 'same' and own in FORMATS:
            return own
        if self.format == 'auto' and own in LOSSLESS:
            return own
        return '.png' if self.format in ('auto',
                                         'same') else (f'.{self.format}')

    def _file(self, source: SourceFile, page: int, num_pages: int) -> Path:
        if self.is_file:
            return self.out
        relative = source.relative
        number = f'_page{page + 1}' if num_pages > 1 else ''
        return self.out / relative.parent / (
            f'{relative.stem}{number}{self.suffix}{self._format(relative)}')

    def exists(self, source: SourceFile) -> bool:
        """Whether the result of a picture is there, of its first page."""
        if self.main_image is None:
            stems = (source.relative.stem, f'{source.relative.stem}_page1')
            return any((self.out / source.relative.parent /
                        f'{stem}{self.suffix}.json').exists()
                       for stem in stems)
        return any(self._file(source, 0, n).exists() for n in (1, 2))

    def write(self, prediction: Prediction, source: SourceFile) -> None:
        """Write the results of a picture."""
        picture = prediction.picture
        if self.main_image is None:
            relative = source.relative
            relative = relative.with_name(
                f'{relative.stem}{self.suffix}{relative.suffix}')
            save_prediction(prediction, self.out, relative,
                            self._format(relative), self.quality)
            return
        image = result_images(prediction)[self.main_image]
        keeps = picture if self.main_image == 'text_free' else None
        if self.to_stdout:
            self._to_stdout(image, keeps, source)
            return
        file = self._file(source, picture.page, picture.num_pages)
        if isinstance(source.source,
                      Path) and file.exists() and (file.samefile(
                          source.source)):
            raise ValueError(f'{file} would be overwritten by its result; '
                             'choose another --out or a --suffix')
        save_image(image, file, keeps, self.quality)

    def _to_stdout(self, image: Image.Image, picture: Any,
                   source: SourceFile) -> None:
        stream = io.BytesIO()
        info = picture.info if picture is not None else {}
        write_image(image, stream, self._format(source.relative), info,
                    self.quality)
        sys.stdout.buffer.write(stream.getvalue())
        sys.stdout.buffer.flush()


if __name__ == '__main__':
    sys.exit(main())
