"""Convert weights that the authors published into a checkpoint of ours.

Takes the files of UPOCR, of ViTEraser, SegMIM and Microsoft's Swin-v2 (to
start a training from), also those of their trainings. The two files of SegMIM
become one. No code from a file is run. A tensor that is not known is an error.

    python tools/model_converters/upocr2mm.py upocr.pth upocr_small.pth
    python tools/model_converters/upocr2mm.py encoder-decoder.pth \\
        segmim_small.pth --encoder encoder-finetuned.pth

What the training of ViTEraser or SegMIM alone has (discriminator, mask branch,
text head) is left out, unless --config names a configuration of it.
"""
from __future__ import annotations
import argparse
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, NamedTuple

import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

import upocr_mm  # noqa: F401  (registers the model)
from upocr_mm.checkpoint import (DROPPED, RELEASED_TASKS, Conversion,
                                 convert_released, detect_arch,
                                 encoder_settings, find_weights, kind_of,
                                 load_tensors, other_entries, replace_encoder,
                                 require_weights, tasks_of_run, windows_of,
                                 write_checkpoint)
from upocr_mm.models import UPOCR
from upocr_mm.models.segmentors.segmim import MISSING
from upocr_mm.utils import (UsageError, one_sentence, read_config,
                            refuse_same_file)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SIZES = ('tiny', 'small', 'base')
MODEL_TYPES = ('UPOCR', 'ViTEraser', 'SegMIM')
# The configuration for released weights of UPOCR, and that of a training which
# starts from the others; {} is the letter of the size.
RELEASED_CONFIG = 'upocr/upocr_swinv2-{}_released-512x512.py'
TRAINING_CONFIG = 'upocr/upocr_swinv2-{}_2xb24-80k_joint-512x512.py'


class Source(NamedTuple):
    """A file of theirs.

    Attributes:
        file: The file.
        content: What is in it.
        weights: The state dict in it.
        kind: Whose weights these are.
        others: What else is in it, with numbers of tensors and reasons.
    """
    file: Path
    content: dict
    weights: dict[str, torch.Tensor]
    kind: str
    others: dict[str, tuple[int, str]]


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Put the name of a file before what is wrong with it."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise ValueError(text if str(file) in
                         text else f'{file}: {text}') from None


def read(file: Path) -> Source:
    """Read a file of theirs."""
    with naming(file):
        content = load_tensors(str(file))
        weights = find_weights(content)
        require_weights(weights, str(file))
        return Source(file, content, weights, kind_of(weights),
                      other_entries(content))


def build_model(config: Path) -> torch.nn.Module:
    """The model of a configuration, without what only training needs."""
    cfg = read_config(config)
    init_default_scope('mmseg')
    kind = cfg.get('model', {}).get('type')
    if kind not in MODEL_TYPES:
        raise UsageError(f'--config {config}: its model.type must be one of '
                         f'{MODEL_TYPES}, but is {kind!r}')
    if 'losses' in cfg.model:
        cfg.model.losses = None
    return MODELS.build(cfg.model)


def find_config(source: Source, arch: str) -> Path:
    """The configuration that takes the weights, by their size."""
    with naming(source.file):
        found = detect_arch(source.weights)
        if found not in SIZES or arch not in ('auto', found):
            wanted = f'--arch is {arch!r}' if arch != 'auto' else (
                f'the sizes with a configuration are {list(SIZES)}; name one '
                'with --config')
            raise ValueError(
                f'the shapes are those of the size {found!r}, but {wanted}')
    name = RELEASED_CONFIG if source.kind == 'upocr' else TRAINING_CONFIG
    return CONFIGS / name.format(found[0])


def prompt_order(args: object | None, asked: list[str] | None) -> list[str]:
    """Tasks of the prompts, in their order in the file.

    Raises:
        ValueError: The file says that it is another order.
    """
    of_run = tasks_of_run(args)
    tasks = tuple(asked or RELEASED_TASKS)
    if of_run is not None and of_run != tasks:
        raise ValueError(
            f'the prompts are in the order {" ".join(of_run)} (data_cfg_paths '
            f'of the run that made the file), not {" ".join(tasks)}; to '
            f'convert it: --tasks {" ".join(of_run)}')
    return list(tasks)


def check_encoder(source: Source, encoder: Source) -> None:
    """Refuse what cannot be the encoder of the weights.

    Raises:
        ValueError: One of the files is not of SegMIM, or the sizes differ.
    """
    if source.kind != 'segmim':
        raise ValueError(
            f'{source.file}: --encoder goes with the encoder-decoder.pth of '
            f'SegMIM, but these are weights of {source.kind}')
    if encoder.kind != 'segmim_encoder':
        raise ValueError(
            f'{encoder.file}: --encoder takes the encoder-finetuned.pth of '
            f'SegMIM, but these are weights of {encoder.kind}')
    sizes = [encoder_settings(s.weights) for s in (encoder, source)]
    if sizes[0] != sizes[1]:
        raise ValueError(f'{encoder.file}: the encoder {sizes[0]} is of '
                         f'another size than that of {source.file}, '
                         f'{sizes[1]}')


def describe(source: Source,
             result: Conversion,
             replaced: bool = False) -> None:
    """Print what happened to every tensor of a file."""
    print(f'{source.file}: weights of {source.kind}')
    taken = len(source.weights) - sum(map(len, result.dropped.values()))
    lost = sum(name.startswith('backbone.') for name in result.state_dict)
    print(f'  converted   {taken - lost if replaced else taken:5d}')
    if replaced:
        print(f'  dropped     {lost:5d}  encoder.*: --encoder takes its place')
    for group, names in result.dropped.items():
        print(f'  dropped     {len(names):5d}  {group}: '
              f'{DROPPED[source.kind][group]}')
    for name, (count, reason) in source.others.items():
        print(f'  dropped     {count:5d}  {name}: {reason}')
    print('  unexpected      0')


def describe_windows(found: dict, ours: dict, config: Path) -> None:
    """Print which windows the weights come from, and with which they go on."""
    for part, windows in found.items():
        texts = [
            ', '.join(f'{w} (pre-trained {p})' for w, p in pairs)
            for pairs in (windows, ours.get(part, []))
        ]
        print(f'  window of the {part}: {texts[0]}')
        if texts[0] != texts[1]:
            print(f'    a training with {config.name} goes on with '
                  f'{texts[1]}')


def describe_next(kind: str, dst: Path, config: Path) -> None:
    """Print the command that uses the converted file."""
    start = f'Next:\n  mim train mmsegmentation {config} --cfg-options '
    if kind == 'upocr':
        print(f'Next:\n  mim test mmsegmentation {config} --checkpoint {dst}')
    elif kind in ('segmim_encoder', 'swinv2'):
        print(f'{start}model.backbone.init_cfg.type=Pretrained '
              f'model.backbone.init_cfg.checkpoint={dst} '
              'model.backbone.init_cfg.prefix=backbone.')
    else:
        print(f'{start}load_from={dst}')


def convert(src: Path, dst: Path, encoder_file: Path | None, arch: str,
            config: Path | None, tasks: list[str] | None) -> None:
    """Convert a file, or two of SegMIM, and print what was done."""
    refuse_same_file(dst, *filter(None, (src, encoder_file, config)))
    if dst.is_dir():
        raise UsageError(f'{dst} is a folder; name the file to write')
    if config and not config.is_file():
        raise UsageError(f'--config {config} does not exist')
    source = read(src)
    encoder = read(encoder_file) if encoder_file else None
    if encoder:
        check_encoder(source, encoder)
    config = config or find_config(source, arch)
    model = build_model(config)
    expected = model.state_dict()
    with naming(src):
        order = RELEASED_TASKS
        if source.kind == 'upocr':
            order = prompt_order(source.content.get('args'), tasks)
        result = first = convert_released(source.weights, expected, order)
    windows = windows_of(source.weights)
    if encoder:
        with naming(encoder.file):
            second = convert_released(encoder.weights, expected)
        result = replace_encoder(first, second)
        windows.pop('encoder', None)
        windows = {**windows_of(encoder.weights), **windows}

    meta = dict(
        converted_from=' and '.join(f.name for f in (src, encoder_file) if f),
        kind=source.kind,
        config=config.name,
        windows=windows)
    if source.kind == 'upocr':
        # Tasks and palettes belong to the weights.
        meta['upocr'] = dict(model.task_meta, tasks=order)
    elif source.kind in ('viteraser', 'segmim'):
        # What a training that starts from these weights may lack.
        later = MISSING if source.kind == 'segmim' else ()
        own = {} if type(model) is UPOCR else model.task_meta
        meta['upocr'] = dict(own, missing=[*result.missing, *later])
    write_checkpoint(dict(meta=meta, state_dict=result.state_dict), dst)

    describe(source, first, replaced=encoder is not None)
    if encoder:
        describe(encoder, second)
    print(f'{dst}: written, {len(result.state_dict)} tensors')
    parts = Counter(
        '.'.join(name.split('.')[:2]) for name in result.missing
        if source.kind in ('viteraser',
                           'segmim') or name.startswith('backbone.'))
    for part, count in parts.items():
        print(f'  missing     {count:5d}  {part}: stays as initialized')
    describe_windows(windows, windows_of(expected), config)
    if source.kind == 'upocr':
        print(f'  prompts: {", ".join(order)}')
    describe_next(source.kind, dst, config)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='the published file')
    parser.add_argument(
        'dst', type=Path, help='the checkpoint to write; .safetensors as well')
    parser.add_argument(
        '--encoder',
        type=Path,
        metavar='FILE',
        help="with SegMIM's encoder-decoder.pth: its encoder-finetuned.pth, "
        'which takes the place of the encoder')
    parser.add_argument(
        '--arch',
        choices=('auto', *SIZES),
        default='auto',
        help='size of the model (default: from the shapes)')
    parser.add_argument(
        '--config',
        type=Path,
        help='configuration of a model of another size or palette, or of '
        'ViTEraser or SegMIM themselves')
    parser.add_argument(
        '--tasks',
        nargs='+',
        metavar='TASK',
        help='tasks of the prompts, if their order is not that of the '
        f'published weights ({" ".join(RELEASED_TASKS)})')
    args = parser.parse_args()
    with one_sentence():
        convert(args.src, args.dst, args.encoder, args.arch, args.config,
                args.tasks)


if __name__ == '__main__':
    main()
