"""Convert a checkpoint of ours into the form of the authors' weights.

The inverse of upocr2mm.py. VGG-16 of the feature loss is not part of it.

    python tools/model_converters/mm2upocr.py iter_80000.pth upocr.pth
"""
from __future__ import annotations
import argparse
import sys
from pathlib import Path

from upocr2mm import write

from upocr_mm.checkpoint import RELEASED_TASKS, export_released, load_tensors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='a checkpoint of ours')
    parser.add_argument('dst', type=Path, help='the file to write')
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
        state = export_released(content['state_dict'], args.tasks)
        write(dict(model=state), args.dst)
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    print(f'{args.dst}: written, {len(state)} tensors, prompts in the order '
          f'{" ".join(args.tasks)}')
    palettes = content.get('meta', {}).get('upocr', {}).get('palettes', {})
    for task, palette in palettes.items():
        print(f'  {task} has the colors {palette}')


if __name__ == '__main__':
    main()
