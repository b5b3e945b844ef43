"""Look at synthetic data: sheets of samples, and of forgeries.

For each preset a sheet of each task (picture above target), and one of
forged words below their originals, with the kind of the forgery. Letters are
dark gray, outlines, shadows and glow light gray, unreadable words white; boxes
of real text are green, of tampered text red.
"""
from __future__ import annotations
import argparse
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from upocr_mm.synthesis import PRESETS, SampleRenderer
from upocr_mm.synthesis.camera import decompress
from upocr_mm.synthesis.renderer import DEFAULT_PRESETS, TASKS
from upocr_mm.utils import UsageError, one_sentence, refuse_file
from upocr_mm.visualization.own_sheet import write_sheet
from upocr_mm.visualization.panels import paint_classes

COLUMNS = 8
# Colors of boxes: real, tampered.
OUTLINES = {1: (0, 200, 0), 2: (230, 0, 0)}
# Height of forged words in their sheet, and pixels around them.
WORD_HEIGHT, AROUND, CAPTION = 64, 12, 16


def sample_panel(sample, task: str, side: int) -> np.ndarray:
    """Picture above target, both (side, side, 3)."""
    image = decompress(sample.image)
    if task == 'text_removal':
        target = decompress(sample.target)
    elif task == 'text_segmentation':
        table = np.arange(256)[:, None].repeat(3, 1)
        target = paint_classes(sample.label, table)
    else:
        target = image.copy()
        for x1, y1, x2, y2, label in sample.boxes:
            cv2.rectangle(target, (x1, y1), (x2, y2), OUTLINES[label], 1)
    return np.concatenate([
        cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        for picture in (image, target)
    ])


def forged_words(renderer: SampleRenderer, count: int) -> Iterator[np.ndarray]:
    """Words before and, below, after the forgery, at one height."""
    index = 0
    while count > 0:
        sample = renderer.render(TASKS[2], 'train', index)
        index += 1
        for forgery in sample.forgeries[:4]:
            x1, y1, x2, y2 = forgery.box
            region = np.s_[max(y1 - AROUND, 0):y2 + AROUND,
                           max(x1 - AROUND, 0):x2 + AROUND]
            pair = []
            for picture in (sample.host, sample.forged):
                word = picture[region]
                width = round(word.shape[1] * WORD_HEIGHT / word.shape[0])
                pair.append(
                    cv2.resize(
                        word, (max(width, 1), WORD_HEIGHT),
                        interpolation=cv2.INTER_CUBIC))
            count -= 1
            pair.append(np.full((CAPTION, pair[0].shape[1], 3), 255, np.uint8))
            cv2.putText(pair[-1], forgery.kind, (1, CAPTION - 4),
                        cv2.FONT_HERSHEY_PLAIN, 0.9, (0, 0, 0), 1, cv2.LINE_AA)
            yield np.concatenate(pair)
            if not count:
                return


def grid(panels: list[np.ndarray], columns: int) -> np.ndarray:
    """Panels in rows, with a gap between them."""
    height = max(p.shape[0] for p in panels) + 4
    width = max(p.shape[1] for p in panels) + 4
    rows = -(-len(panels) // columns)
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for i, panel in enumerate(panels):
        y, x = i // columns * height, i % columns * width
        sheet[y:y + panel.shape[0], x:x + panel.shape[1]] = panel
    return sheet


def write_sheets(name: str, args: argparse.Namespace) -> None:
    """Write the sheets of a preset."""
    try:
        renderer = SampleRenderer((args.size, args.size), name, args.seed,
                                  args.fonts, args.backgrounds,
                                  args.system_fonts)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error
    sheets = {
        task:
        grid([
            sample_panel(renderer.render(task, 'train', i), task, args.size)
            for i in range(args.num)
        ], COLUMNS)
        for task in TASKS
    }
    sheets['forgeries'] = grid([*forged_words(renderer, args.num)],
                               COLUMNS // 2)
    for what, sheet in sheets.items():
        file = args.out_dir / f'{name}_{what}.png'
        write_sheet(sheet, file)
        print(file)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', type=Path, help='folder of the sheets')
    parser.add_argument(
        '--presets',
        nargs='+',
        choices=list(PRESETS),
        default=list(DEFAULT_PRESETS))
    parser.add_argument('--num', type=int, default=64, help='of each sheet')
    parser.add_argument('--size', type=int, default=256, metavar='PIXELS')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--fonts', metavar='DIR')
    parser.add_argument('--system-fonts', action='store_true')
    parser.add_argument('--backgrounds', metavar='DIR')
    args = parser.parse_args()
    if args.num < 1:
        parser.error(f'--num must be at least 1, but got {args.num}')
    with one_sentence():
        refuse_file(args.out_dir)
        for name in args.presets:
            write_sheets(name, args)


if __name__ == '__main__':
    main()
