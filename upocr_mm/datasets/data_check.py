"""Checks of the files of a data set, made before training starts."""
from __future__ import annotations
import os
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Sequence

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import Compose
from mmengine.dist import all_gather_object, get_dist_info
from mmengine.logging import print_log
from torch.utils.data import get_worker_info

from ..utils import IGNORE_INDEX, open_picture
from .annotation_files import read_class_values, read_mask
from .decoding import damage_of, decode, decoder_messages, require_file

# How many problems of one kind a message spells out.
MAX_LISTED = 5
# The window of the structural similarity has to fit.
MIN_METRIC_SIDE = 11
_LOSSY = ('JPEG', 'WEBP')
# The kind of problem that is none if the pipeline ignores the entry.
ORIENTED = ('image with an EXIF orientation, by which LoadImageFromFile turns '
            'it, but nothing its target (set '
            "color_type='color_ignore_orientation')")
# The kinds that a training warns of, and goes on.
DAMAGED = ('damaged JPEG, which decoders read without an error, with wrong '
           'pixels')
TOO_SMALL = (f'image too small for the scores of a test (at least '
             f'{MIN_METRIC_SIDE} pixels a side)')
# Of a sample no problem, but of more than half of them.
MOSTLY_TEXT = ('more text than background (are the values of text and '
               'background exchanged?)')
# Files of these kinds are read and used nevertheless.
TOLERATED = (DAMAGED, MOSTLY_TEXT, ORIENTED, TOO_SMALL)

# Entries of a data info that are image files.
FILES = ('img_path', 'target_path', 'mask_path', 'seg_map_path')


class DataCheckError(ValueError):
    """The files of a data set cannot be trained on; lists what is wrong."""


class Problem(NamedTuple):
    """One thing wrong with a data set.

    Args:
        kind: What is wrong and what is allowed, equal for equal problems.
        detail: The file, the place in it and the value.
    """
    kind: str
    detail: str


def format_problems(name: str,
                    problems: Sequence[Problem],
                    max_listed: int | None = MAX_LISTED) -> str:
    """Put all problems of one data set into one message, grouped by kind.

    Args:
        name: Name of the data set.
        problems: The problems, at least one.
        max_listed: How many of each kind are spelled out; None for all.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        groups[problem.kind].append(problem.detail)
    text = f'{name}: {len(problems)} problem(s) in the data:'
    for kind, details in groups.items():
        text += f'\n- {len(details)} x {kind}'
        listed = details[:max_listed]
        text += ''.join(f'\n    {detail}' for detail in listed)
        if len(details) > len(listed):
            text += f'\n    ... and {len(details) - len(listed)} more'
    if 'missing folder' in groups:
        text += (
            '\nPut the data there, set UPOCR_DATA to the folder that holds '
            'the data sets, or synthesize some: '
            'python tools/synthesize_dataset.py')
    return text


def turns_images(pipeline: Compose) -> bool:
    """Whether a pipeline loads images turned by their EXIF orientation.

    Targets never are, nor is anything in the reference implementation of
    UPOCR.

    Args:
        pipeline: Of a data set.
    """
    return any(
        isinstance(step, LoadImageFromFile) and step.color_type in (
            'color', 'grayscale')
        # These decoders never look at the entry.
        and step.imdecode_backend not in ('turbojpeg', 'tifffile')
        for step in pipeline.transforms)


def check_samples(name: str, samples: Sequence[dict]) -> list[Problem]:
    """Decode and check all files of a data set, in threads.

    In a distributed run every rank checks its share, and all ranks return
    the problems of all: they must call this together.

    Args:
        name: Name of the data set in the log.
        samples: The data infos (see :class:`BasePairedDataset`).

    Returns:
        The problems found, in the order of the ranks; of the kind
        ``ORIENTED`` also those that are none, see :func:`turns_images`, and
        ``MOSTLY_TEXT`` of single samples.
    """
    start = time.time()
    # A data loader's worker must not call into the process group.
    in_worker = get_worker_info() is not None
    rank, world_size = (0, 1) if in_worker else get_dist_info()
    share = samples[rank::world_size]
    with decoder_messages() as messages:
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            problems = [p for found in pool.map(check_sample, share)
                        for p in found]  # yapf: disable
    if messages:  # they do not name the files
        problems += [p for sample in share for p in find_damaged(sample)]
    if world_size > 1:
        problems = sum(all_gather_object(problems), [])
    print_log(
        f'{name}: checked the files of {len(samples)} samples in '
        f'{time.time() - start:.1f} s',
        logger='current')
    return problems


def check_sample(sample: dict) -> list[Problem]:
    """Decode and check the files of one sample.

    Args:
        sample: A data info (see :class:`BasePairedDataset`).

    Returns:
        The problems found; of an unreadable image nothing else is checked.
    """
    try:
        shape, problems = _check_image(sample['img_path'])
    except Exception as error:  # whatever a decoder may raise
        return [_unreadable(sample['img_path'], error)]
    checks = dict(
        target_path=_check_image,
        mask_path=lambda path: _check_mask(path, sample['mask_text_value']),
        seg_map_path=lambda path: _check_class_map(path, sample['label_map']))
    for key, check in checks.items():
        if key not in sample:
            continue
        path = sample[key]
        try:
            target_shape, found = check(path)
        except Exception as error:
            problems.append(_unreadable(path, error))
            continue
        problems += found
        if target_shape != shape:
            problems.append(
                Problem(
                    'target of another size than its image (width x height '
                    'must be equal)', f'{path}: {_size(target_shape)}, '
                    f'{sample["img_path"]}: {_size(shape)}'))
    if 'target_path' in sample and min(shape) < MIN_METRIC_SIDE:
        problems.append(
            Problem(TOO_SMALL, f'{sample["img_path"]}: {_size(shape)}'))
    # One pixel: corners given as exclusive. Polygons are drawn by hand, they
    # may stick out a little; far outside means another picture or scale.
    problems += _check_inside(sample, 'boxes', shape, (1, 1))
    problems += _check_inside(sample, 'polygons', shape,
                              [max(1, side // 50) for side in shape])
    return problems


def find_damaged(sample: dict) -> list[Problem]:
    """Find JPEG files with damage that decoders tolerate.

    Not to be called in several threads at a time.

    Args:
        sample: A data info (see :class:`BasePairedDataset`).
    """
    paths = [sample[key] for key in FILES if key in sample]
    found = [(path, damage_of(path)) for path in paths if os.path.isfile(path)]
    return [
        Problem(DAMAGED, f'{path}: {text}') for path, text in found if text
    ]


def _check_image(path: str) -> tuple[tuple[int, int], list[Problem]]:
    """Decode an image to the last byte; its (height, width) as stored."""
    shape, orientation = decode(path)
    if orientation == 1:
        return shape, []
    return shape, [Problem(ORIENTED, f'{path}: orientation {orientation}')]


def _check_mask(path: str,
                text_value: int) -> tuple[tuple[int, int], list[Problem]]:
    require_file(path)
    with open_picture(path) as image:
        lossy = image.format in _LOSSY
    if lossy:
        decode(path)
    mask = read_mask(path)
    # Compression makes any value out of 0 and 255, but not only dark ones:
    # such a mask was written with 0 and 1.
    allowed = range(256) if lossy and mask.max() >= 128 else (0, 255)
    problems = _illegal_values(path, mask, 'mask', allowed)
    bright = np.count_nonzero(mask > 127) / mask.size
    if (bright if text_value == 255 else 1 - bright) > 0.5:
        problems.append(Problem(MOSTLY_TEXT, path))
    return mask.shape, problems


def _check_class_map(
        path: str,
        label_map: dict[int, int]) -> tuple[tuple[int, int], list[Problem]]:
    require_file(path)
    values = read_class_values(path)
    problems = _illegal_values(path, values, 'class map', sorted(label_map))
    counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel()
    classes = {v: c for v, c in label_map.items() if c != IGNORE_INDEX}
    text = sum(counts[v] for v, label in classes.items() if label)
    if text > sum(counts[value] for value in classes) / 2:
        problems.append(Problem(MOSTLY_TEXT, path))
    return values.shape, problems


def _illegal_values(path: str, values: np.ndarray, what: str,
                    allowed: Sequence[int]) -> list[Problem]:
    table = np.ones(256, dtype=np.uint8)
    table[list(allowed)] = 0
    illegal = cv2.LUT(values, table).astype(bool)
    if not illegal.any():
        return []
    row, column = np.unravel_index(illegal.argmax(), illegal.shape)
    found = np.unique(values[illegal])
    listed = ', '.join(map(str, found[:MAX_LISTED]))
    if len(found) > MAX_LISTED:
        listed += ', ...'
    return [
        Problem(
            f'illegal value in a {what} (allowed: '
            f'{", ".join(map(str, allowed))})',
            f'{path}: value(s) {listed} in {illegal.sum()} pixels, first at '
            f'row {row}, column {column}')
    ]


def _check_inside(sample: dict, key: str, shape: tuple[int, int],
                  slack: Sequence[int]) -> list[Problem]:
    problems = []
    height, width = shape
    for line, numbers in zip(sample.get('ann_lines', []), sample.get(key, [])):
        points = numbers[:4] if key == 'boxes' else numbers
        xs, ys = points[0::2], points[1::2]
        if (min(xs) < -slack[1] or min(ys) < -slack[0]
                or max(xs) >= width + slack[1]
                or max(ys) >= height + slack[0]):
            problems.append(
                Problem(
                    f'{key} outside of the image (pixels count from 0 to '
                    'width - 1 and height - 1)',
                    f'{sample["ann_path"]}, line {line}: {points}, '
                    f'{sample["img_path"]}: {_size(shape)}'))
    return problems


def _unreadable(path: str, error: Exception) -> Problem:
    return Problem('unreadable file (a complete image is needed)',
                   f'{path}: {type(error).__name__}: {error}')


def _size(shape: tuple[int, int]) -> str:
    return f'{shape[1]}x{shape[0]}'
