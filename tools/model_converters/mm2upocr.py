"""Convert a checkpoint of ours into the form of the authors' weights.

The inverse of upocr2mm.py, for UPOCR, ViTEraser and both stages of SegMIM.
VGG-16 of the feature loss is not part of it.

    python tools/model_converters/mm2upocr.py iter_80000.pth upocr.pth
"""
from __future__ import annotations
import argparse
import sys
from pathlib import Path

from upocr2mm import write

from upocr_mm.checkpoint import (RELEASED_TASKS, export_released, kind_of_ours,
                                 load_tensors)

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
    try:
        content = load_tensors(str(args.src), skip_objects=True)
        if 'state_dict' not in content:
            raise ValueError(
                f'{args.src} is not a checkpoint of ours (it has no '
                "'state_dict'); published files go through upocr2mm.py")
        meta = content.get('meta', {}).get('upocr', {})
        kind = args.kind
        if kind == 'auto':
            kind = kind_of_ours(content['state_dict'], meta)
        state = export_released(content['state_dict'], args.tasks, kind)
        write(file_content(state, kind), args.dst)
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    prompts = (', prompts in the order ' +
               ' '.join(args.tasks) if kind == 'upocr' else '')
    print(f'{args.dst}: written as a file of {kind}, {len(state)} tensors'
          f'{prompts}')
    for task, palette in meta.get('palettes', {}).items():
        print(f'  {task} has the colors {palette}')


if __name__ == '__main__':
    main()
