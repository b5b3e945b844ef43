"""Convert weights that the authors published into a checkpoint of ours.

Takes the files of UPOCR, of ViTEraser and SegMIM (to start a training from),
also those of their trainings, and Microsoft's Swin-v2 (for the encoder).
Nothing in the file is run. What is not explained is an error.

    python tools/model_converters/upocr2mm.py upocr.pth upocr_small.pth
"""
from __future__ import annotations
import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

import upocr_mm  # noqa: F401  (registers the model)
from upocr_mm.conversion import RELEASED_TASKS, convert_released, load_tensors
from upocr_mm.conversion.released_weights import (detect_arch, find_weights,
                                                  kind_of, tasks_of_run)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SIZES = ('tiny', 'small', 'base')
# The configuration for the weights of each kind; {} is the letter of the size.
CONFIG_OF_KIND = dict(
    upocr='upocr/upocr_swinv2-{}_released-512x512.py',
    viteraser='upocr/upocr_swinv2-{}_2xb24-80k_joint-512x512.py',
    segmim='upocr/upocr_swinv2-{}_2xb24-80k_joint-512x512.py',
    swinv2='upocr/upocr_swinv2-{}_2xb24-80k_joint-512x512.py')


def build_model(config: Path) -> torch.nn.Module:
    """The model of a configuration, without what only training needs."""
    cfg = Config.fromfile(config, import_custom_modules=False)
    init_default_scope('mmseg')
    cfg.model.losses = None
    return MODELS.build(cfg.model)


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


def write(content: dict, file: Path) -> None:
    """Write whole or not at all; folders are made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f'{file.name}.part')
    try:
        torch.save(content, part)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def convert(src: Path, dst: Path, arch: str, config: Path | None,
            tasks: list[str] | None) -> None:
    """Convert a file, print what became of it."""
    content = load_tensors(str(src))
    weights = find_weights(content)
    kind = kind_of(weights)
    if config is None:
        found = detect_arch(weights)
        if found not in SIZES or arch not in ('auto', found):
            raise ValueError(f'the shapes are those of the size {found!r}, '
                             f'but --arch is {arch!r} (of {list(SIZES)})')
        config = CONFIGS / CONFIG_OF_KIND[kind].format(found[0])
    model = build_model(config)
    order = RELEASED_TASKS
    if kind == 'upocr':
        order = prompt_order(content.get('args'), tasks)
    result = convert_released(weights, model.state_dict(), order)

    meta = dict(converted_from=src.name, kind=kind, config=config.name)
    if kind == 'upocr':
        # What the tasks are and how they are drawn belongs to the weights.
        meta['upocr'] = dict(model.interface, tasks=order)
    elif kind != 'swinv2':
        meta['upocr'] = dict(missing=result.missing)
    write(dict(meta=meta, state_dict=result.state_dict), dst)

    print(f'{src}: weights of {kind}')
    taken = len(weights) - sum(map(len, result.dropped.values()))
    print(f'  converted   {taken:5d}')
    for reason, names in result.dropped.items():
        print(f'  dropped     {len(names):5d}  {reason}')
    for key in content:
        if key != 'args' and content[key] is not weights and (
                'model' in content and key != 'model'):
            print(f'  dropped            {key} (state of the training)')
    parts = Counter(name.split('.')[0] for name in result.missing)
    for part, count in parts.items():
        print(f'  missing     {count:5d}  {part}: stays as initialised')
    print('  unexpected      0')
    print(f'{dst}: written')
    if kind == 'upocr':
        print(f'  prompts: {", ".join(order)}\nNext:\n'
              f'  mim test mmsegmentation {config} --checkpoint {dst}')
    elif kind == 'swinv2':
        print(f'Next:\n  mim train mmsegmentation {config} --cfg-options '
              'model.backbone.init_cfg.type=Pretrained '
              f'model.backbone.init_cfg.checkpoint={dst} '
              'model.backbone.init_cfg.prefix=backbone.')
    else:
        print(f'Next:\n  mim train mmsegmentation {config} --cfg-options '
              f'load_from={dst}')


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='the published file')
    parser.add_argument('dst', type=Path, help='the checkpoint to write')
    parser.add_argument(
        '--arch',
        choices=('auto', *SIZES),
        default='auto',
        help='size of the model (default: from the shapes)')
    parser.add_argument(
        '--config',
        type=Path,
        help='configuration of a model of another size or palette')
    parser.add_argument(
        '--tasks',
        nargs='+',
        metavar='TASK',
        help='tasks of the prompts, if their order is not that of the '
        f'published weights ({" ".join(RELEASED_TASKS)})')
    args = parser.parse_args()
    try:
        convert(args.src, args.dst, args.arch, args.config, args.tasks)
    except (ValueError, OSError) as error:
        text = str(error)
        sys.exit(text if str(args.src) in text else f'{args.src}: {text}')


if __name__ == '__main__':
    main()
