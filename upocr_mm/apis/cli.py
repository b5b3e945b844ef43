"""The command ``upocr``: from files and folders to files and folders."""
from __future__ import annotations
import argparse
import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Iterator, Sequence

from ..dependencies import require
from ..utils import (Terminated, UsageError, is_out_of_memory, model_index,
                     terminated_as_interrupted)
from ..utils.sentences import (EXIT_DATA, EXIT_INTERRUPT, EXIT_TERMINATED,
                               EXIT_USAGE)
from . import models
from .cli_arguments import COMMANDS, parse_args
from .cli_output import Output
from .folder_run import STREAMS, FolderRun
from .inferencer import UPOCRInferencer
from .options import MASKS, PredictOptions
from .picture import read_pictures
from .run_commands import SCRIPTS, run_script
from .sources import SourceFile, find_sources, with_unique_names

# From as many pictures on several are computed at the same time; one alone
# would take longer.
MANY = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its words; by default those of the command line.

    Returns:
        The exit code: 0, 1 if a picture failed, 2 if the command is wrong,
        130 if it was interrupted, 143 by SIGTERM.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words and words[0] in SCRIPTS:
        return run_script(words[0], words[1:])
    args = parse_args(words)
    try:
        with terminated_as_interrupted():
            return _run(args)
    except (UsageError, ValueError, FileNotFoundError, ImportError) as error:
        print(f'upocr: {error}', file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        where = error.filename or getattr(args, 'out', '')
        print(f'upocr: {where}: {error.strerror or error}', file=sys.stderr)
        return EXIT_DATA
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        print(
            'upocr: not enough memory; a smaller --size or '
            '--batch-size needs less',
            file=sys.stderr)
        return EXIT_DATA
    except KeyboardInterrupt as error:
        print('upocr: interrupted; what is written is whole', file=sys.stderr)
        return (EXIT_TERMINATED
                if isinstance(error, Terminated) else EXIT_INTERRUPT)


def _run(args: argparse.Namespace) -> int:
    if args.command == 'models':
        return list_models(args.pattern, args.json)
    if args.command == 'export':
        return export(args)
    if args.command == 'serve':
        return serve(args)
    return predict(args)


def list_models(pattern: str, as_json: bool) -> int:
    """Print the model index."""
    try:
        entries = model_index.list_models(pattern)
    except re.error as error:
        raise UsageError(f'{pattern!r} is no regular expression: '
                         f'{error}') from None
    if as_json:
        print(json.dumps(entries, indent=1))
        return 0
    print(f'{"name, aliases":60} parameters  weights')
    for entry in entries:
        parameters = entry.get('Metadata', {}).get('Parameters')
        size = f'{parameters / 1e6:.1f} M' if parameters else ''
        weights = 'included' if entry.get('Weights') else '(--weights FILE)'
        names = ', '.join(model_index.names_of(entry))
        print(f'{names:60} {size:>10}  {weights}')
    return 0


def export(args: argparse.Namespace) -> int:
    """Write a model as a file of ONNX."""
    from ..deploy import export_onnx, load_model
    config, weights = model_index.find_model(args.model, args.weights)
    size = args.size or models.inference_size(config)
    done = export_onnx(
        load_model(config, weights), args.out, (size, size), name=config.stem)
    worst = max(done.max_difference.values())
    print(f'{args.out}: written; outputs differ by {worst:.1e} from those of '
          'PyTorch')
    return 0


def serve(args: argparse.Namespace) -> int:
    """Serve the page and the HTTP interface until interrupted."""
    _check(
        args,
        dict(
            port=(0, 65535),
            max_upload=(1, 2**20),
            max_pixels=(1, 2**40),
            max_waiting=(0, 32)))
    require('gradio', 'web')
    from .server import Server, open_port
    port = open_port(args.host, args.port)
    with port:
        server = Server(
            _inferencer(args), port, args.max_upload * 2**20, args.max_pixels,
            args.max_waiting)
        print(
            f'upocr: {server.address} (page), {server.address}/v1/ (HTTP, '
            'see /openapi.json); Ctrl-C ends',
            file=sys.stderr)
        server.run()
    return 0


def _inferencer(args: argparse.Namespace,
                num_streams: int = 1) -> UPOCRInferencer:
    inferencer = UPOCRInferencer(
        args.model,
        args.weights,
        args.device,
        args.backend,
        args.dtype,
        args.size,
        args.num_threads,
        show_progress=False,
        num_streams=num_streams)
    if not getattr(args, 'quiet', False):
        print(f'upocr: {inferencer.predictor.name}', file=sys.stderr)
    return inferencer


def predict(args: argparse.Namespace) -> int:
    """Predict pictures and write the results."""
    _check(args,
           dict(quality=(1, 100), batch_size=(1, 4096), max_pixels=(1, 2**40)))
    tasks, main_image, _ = COMMANDS[args.command]
    options = dict(
        tasks=tasks,
        sizing=args.sizing,
        overlap=args.overlap,
        tta=args.tta,
        threshold=args.threshold)
    if args.command in ('remove', 'all'):
        for name in ('preset', 'dilation', 'feather', 'composite', 'regions'):
            options[name] = getattr(args, name)
        options['keep'] = args.keep
        options['mask'] = _mask(args.mask)
    PredictOptions(**options)  # refuses what is wrong before all else
    inputs = _sources(args)
    sources = _shard(inputs, args.shard)
    output = Output(args, main_image)
    skips = output.exists if args.skip_existing else None
    output.guard(inputs, [s for s in sources if not (skips and skips(s))],
                 args)
    inferencer = _inferencer(args, STREAMS if len(sources) >= MANY else 1)
    with _json_lines(args.json) as json_lines:
        run = FolderRun(
            inferencer,
            output.write,
            skips,
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


def _check(args: argparse.Namespace, ranges: dict[str, tuple]) -> None:
    for field, (low, high) in ranges.items():
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
    if '' in inputs:
        raise UsageError('an input is empty; . is the current folder')
    if '-' in inputs:
        if len(inputs) > 1:
            raise UsageError('- (the standard input) is one picture, and the '
                             'only input')
        return [SourceFile(sys.stdin.buffer.read(), Path('stdin.png'))]
    return with_unique_names(find_sources(inputs, not args.no_recursive))


def _shard(sources: list[SourceFile], shard: str | None) -> list[SourceFile]:
    if shard is None:
        return sources
    try:
        k, n = map(int, shard.split('/'))
    except ValueError:
        k, n = 0, 0
    if not 1 <= k <= n:
        raise UsageError('--shard must be K/N with K from 1 to N, but got '
                         f'{shard}')
    return sources[k - 1::n]


@contextlib.contextmanager
def _json_lines(file: str | None) -> Iterator[Any]:
    if file is None:
        yield None
    elif file == '-':
        yield sys.stdout
    else:
        with open(file, 'a', encoding='utf-8') as stream:
            yield stream


if __name__ == '__main__':
    sys.exit(main())
