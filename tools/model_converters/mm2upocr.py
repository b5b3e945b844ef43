"""Convert a checkpoint of ours into the form of the authors' weights.

The inverse of upocr2mm.py, for UPOCR, ViTEraser and both stages of SegMIM.
VGG-16 of the feature loss is not part of it.

    python tools/model_converters/mm2upocr.py iter_80000.pth upocr.pth
"""
from __future__ import annotations
import argparse
from pathlib import Path

import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from upocr2mm import CONFIGS, TRAINING_CONFIG, naming

from upocr_mm.checkpoint import (RELEASED_TASKS, convert_released,
                                 decoder_settings, encoder_settings,
                                 export_released, kind_of_ours, load_tensors,
                                 require_weights, task_meta_of, weights_of,
                                 write_checkpoint)
from upocr_mm.utils import (UsageError, one_sentence, read_config,
                            refuse_same_file)

KINDS = ('upocr', 'viteraser', 'segmim', 'segmim_encoder')
DISCRIMINATOR = 'discriminator.'


def file_content(state: dict, kind: str) -> dict:
    """Weights as the authors pack them."""
    if kind == 'segmim_encoder':
        return state
    content = dict(model={
        k: v
        for k, v in state.items() if not k.startswith(DISCRIMINATOR)
    })
    if kind == 'viteraser':
        content['discriminator'] = {
            k[len(DISCRIMINATOR):]: v
            for k, v in state.items() if k.startswith(DISCRIMINATOR)
        }
    return content


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='a checkpoint of ours')
    parser.add_argument('dst', type=Path, help='the file to write')
    parser.add_argument(
        '--kind',
        choices=('auto', *KINDS),
        default='auto',
        help="whose file to write; of SegMIM 'segmim' is encoder-decoder.pth "
        "and 'segmim_encoder' encoder-finetuned.pth (default: by what is in "
        'the checkpoint)')
    parser.add_argument(
        '--tasks',
        nargs='+',
        metavar='TASK',
        default=list(RELEASED_TASKS),
        help=f'order of the prompts (default: {" ".join(RELEASED_TASKS)})')
    args = parser.parse_args()
    with one_sentence():
        convert(args.src, args.dst, args.tasks, args.kind)


def convert(src: Path, dst: Path, tasks: list[str], kind: str) -> None:
    """Convert a file, and print what was done.

    Raises:
        ValueError: It is no checkpoint of ours, or its tensors are not those
            of a model.
        OSError: The file cannot be written.
    """
    refuse_same_file(dst, src)
    if dst.suffix.lower() == '.safetensors':
        raise UsageError(f'{dst}: the programs of the authors read what '
                         'torch.save writes; name a file that ends in .pth')
    content = load_tensors(str(src), skip_objects=True)
    if 'state_dict' not in content:
        raise ValueError(
            f'{src} is not a checkpoint of ours (it has no '
            "'state_dict'); published files go through upocr2mm.py")
    weights = {
        name: value
        for name, value in weights_of(content, str(src)).items()
        if not name.startswith('losses.')
    }
    meta = task_meta_of(content, str(src))
    require_weights(weights, str(src))
    if kind == 'auto':
        kind = kind_of_ours(weights, meta)
    with naming(src):
        state = export_released(weights, tasks, kind)
        if kind == 'upocr':
            check_shapes(state, tasks)
    write_checkpoint(file_content(state, kind), dst)
    prompts = (f', prompts in the order {" ".join(tasks)}'
               if kind == 'upocr' else '')
    print(f'{dst}: written as a file of {kind}, {len(state)} tensors{prompts}')
    for task, palette in meta.get('palettes', {}).items():
        print(f'  {task} has the colors {palette}')


def check_shapes(released: dict[str, torch.Tensor], tasks: list[str]) -> None:
    """Refuse weights that a model of their size would not take.

    Raises:
        ValueError: A tensor is missing or of another shape.
    """
    cfg = read_config(CONFIGS / TRAINING_CONFIG.format('s')).model
    cfg.losses = None
    encoder = encoder_settings(released)
    cfg.backbone.arch = encoder
    cfg.decode_head.arch = dict(
        embed_dims=8 * (encoder['embed_dims'] or 0),
        **decoder_settings(released))
    cfg.task_prompt.tasks = tasks
    cfg.codecs = {task: dict(type='ImageCodec') for task in tasks}
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
    check_windows(released)
    # Those of the configuration may be others.
    convert_released(
        {
            k: v
            for k, v in released.items() if 'relative_' not in k
        }, model.state_dict(), tasks)


def check_windows(released: dict[str, torch.Tensor]) -> None:
    """Refuse tables of relative positions of no window.

    Raises:
        ValueError: One is of another shape.
    """
    for name, table in released.items():
        block, _, kind = name.rpartition('.')
        if kind != 'relative_coords_table':
            continue
        side = table.shape[1] if table.ndim == 4 else 0
        if side % 2 == 0 or table.shape != (1, side, side, 2):
            raise ValueError(
                f'{name} must have the shape (1, 2w - 1, 2w - 1, 2), w the '
                f'side of a window, but has {tuple(table.shape)}')
        positions = (side // 2 + 1)**2
        index = released.get(f'{block}.relative_position_index')
        if index is not None and index.shape != (positions, positions):
            raise ValueError(
                f'{block}.relative_position_index must have the shape '
                f'{(positions, positions)}, as {name} is of windows of '
                f'{side // 2 + 1} pixels, but has {tuple(index.shape)}')


if __name__ == '__main__':
    main()
