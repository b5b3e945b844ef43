"""Convert a checkpoint of ours into the form of the authors' weights.

The inverse of upocr2mm.py. VGG-16 of the feature loss is not part of it.

    python tools/model_converters/mm2upocr.py iter_80000.pth upocr.pth
"""
from __future__ import annotations
import argparse
import sys
from pathlib import Path

from mmengine.runner import CheckpointLoader
from upocr2mm import write

from upocr_mm.conversion import RELEASED_TASKS, export_released


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
        content = CheckpointLoader.load_checkpoint(str(args.src), 'cpu')
        state = export_released(content['state_dict'], args.tasks)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        sys.exit(f'{args.src}: {error}')
    write(dict(model=state), args.dst)
    print(f'{args.dst}: written, {len(state)} tensors, prompts in the order '
          f'{" ".join(args.tasks)}')
    palettes = content.get('meta', {}).get('upocr', {}).get('palettes', {})
    for task, palette in palettes.items():
        print(f'  {task} is drawn in the colours {palette}')


if __name__ == '__main__':
    main()
