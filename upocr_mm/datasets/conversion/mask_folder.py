from __future__ import annotations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import PngImagePlugin

from ...utils import open_picture, read_image, written_whole
from ..annotation_files import write_mask
from ..base_paired_dataset import (IMAGE_SUFFIXES, NO_FILE, OTHER_SUFFIXES,
                                   UNREAD)
from ..data_check import Problem, check_sample
from ..difference_mask import difference_mask
from .command_line import check_folder
from .run_all import run_all

# The text entry of a mask that tells how it was made.
RULE_ENTRY = 'upocr_mm difference mask'
# Two pictures that differ in more are taken for no pair.
MAX_SHARE = 0.5


class PairMasks(NamedTuple):
    """What was done, or with a dry run would be.

    Attributes:
        written: Number of masks written.
        present: Number of masks that were there already.
        empty: Names of the pictures written that do not differ: no text.
        problems: What is wrong with the others.
    """
    written: int
    present: int
    empty: list[str]
    problems: list[Problem]


def write_masks_from_pairs(image_dir: str | Path,
                           label_dir: str | Path,
                           mask_dir: str | Path,
                           threshold: int = 25,
                           closing: int = 3,
                           min_area: int = 10,
                           dry_run: bool = False,
                           progress: bool = False) -> PairMasks:
    """Write text masks for pairs of pictures with and without their text.

    Masks are PNG files, text 0 and background 255, named as the pictures; by
    the rule of :func:`~upocr_mm.datasets.difference_mask.difference_mask`,
    whose settings are noted in each file. A later call writes only what is
    missing, and refuses masks of other settings.

    Args:
        image_dir: Folder of pictures.
        label_dir: Folder of the same without text; names are equal, endings
            may differ.
        mask_dir: Folder to write.
        threshold: See :func:`difference_mask`, as the next two.
        closing: See there.
        min_area: See there.
        dry_run: Write nothing; the content of pictures is not checked.
        progress: Print a progress bar to the standard error output.

    Raises:
        FileNotFoundError: A folder does not exist.
        NotADirectoryError: A folder is something else.
        OSError: The disk is full or cannot be written.
        ValueError: A setting is out of its range, or there is no picture.
    """
    image_dir, label_dir, mask_dir = map(Path,
                                         (image_dir, label_dir, mask_dir))
    for folder in (image_dir, label_dir):
        check_folder(folder)
    if mask_dir.exists():
        check_folder(mask_dir)
        if mask_dir.resolve() in (image_dir.resolve(), label_dir.resolve()):
            raise ValueError(f'{mask_dir} holds the pictures; the masks need '
                             'a folder of their own')
    settings = dict(threshold=threshold, closing=closing, min_area=min_area)
    blank = np.zeros((1, 1, 3), np.uint8)
    difference_mask(blank, blank, **settings)  # checks the settings
    rule = ', '.join(f'{name} {value}' for name, value in settings.items())

    problems: list[Problem] = []
    images, labels = (
        _pictures(folder, problems) for folder in (image_dir, label_dir))
    if not images:
        raise ValueError(f'{image_dir} holds no picture (endings: '
                         f'{", ".join(IMAGE_SUFFIXES)})')
    for name in sorted({*images} ^ {*labels}):
        there = images.get(name) or labels[name]
        folder = label_dir if name in images else image_dir
        problems.append(
            Problem('picture without its partner (pairs are needed)',
                    f'{there}: no {folder / name}.*'))
    todo, present = [], 0
    for name in sorted({*images} & {*labels}):
        mask = mask_dir / f'{name}.png'
        found = _other_mask(mask, rule) if mask_dir.is_dir() else None
        if found:
            problems.append(found)
        elif mask.is_file():
            present += 1
        else:
            todo.append((images[name], labels[name], mask))
    if dry_run:
        return PairMasks(len(todo), present, [], problems)

    info = PngImagePlugin.PngInfo()
    info.add_text(RULE_ENTRY, rule)

    def write(job: tuple[Path, Path, Path]) -> tuple[float, list[Problem]]:
        image, label, mask = job
        found = check_sample(dict(img_path=str(image), target_path=str(label)))
        if any(p.kind.startswith(('unreadable', 'target of')) for p in found):
            return 0, found
        text = difference_mask(
            read_image(image), read_image(label), **settings)
        if text.mean() > MAX_SHARE:
            return 0, [
                Problem(
                    'pictures that are no pair (they must differ in the text '
                    'alone)',
                    f'{image} and {label} differ in {text.mean():.0%} of '
                    'their pixels')
            ]
        with written_whole(mask) as folder:
            write_mask(text, folder / mask.name, pnginfo=info)
        return text.mean(), []

    results = run_all(write, todo, progress)
    done = [(job, share) for job, (share, found) in zip(todo, results)
            if not found]
    problems += [p for _, found in results for p in found]
    empty = [job[2].stem for job, share in done if share == 0]
    return PairMasks(len(done), present, empty, problems)


def _pictures(folder: Path, problems: list[Problem]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in OTHER_SUFFIXES:
            problems.append(Problem(UNREAD, str(path)))
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if not path.is_file():
            problems.append(Problem(NO_FILE, str(path)))
            continue
        if path.stem in found:
            problems.append(
                Problem('two files for one sample (one is allowed)',
                        f'{found[path.stem]} and {path}'))
        found[path.stem] = path
    return found


def _other_mask(mask: Path, rule: str) -> Problem | None:
    """A mask at the place of another one."""
    kind = 'another mask is there already (remove it, or name another folder)'
    for suffix in IMAGE_SUFFIXES:
        other = mask.with_suffix(suffix)
        if other != mask and other.is_file():
            return Problem(kind, str(other))
    if not mask.is_file():
        return None
    try:
        with open_picture(mask) as image:
            made_by = image.info.get(RULE_ENTRY)
    except OSError:
        made_by = None
    if made_by == rule:
        return None
    return Problem(
        kind, f'{mask}: ' + (f'made with {made_by}, not {rule}'
                             if made_by else 'not made by this command'))
