from __future__ import annotations
import json
import multiprocessing
import signal
from functools import partial
from pathlib import Path
from typing import Any, Iterator, Sequence

import cv2
import numpy as np
from mmengine.utils import ProgressBar

from ..utils import temporary_folder
from .layout_writer import LayoutWriter
from .removal_writer import RemovalWriter
from .renderer import DEFAULT_PRESETS, SampleRenderer
from .segmentation_writer import SegmentationWriter
from .tampering_writer import TamperingWriter

WRITERS = dict(
    text_removal=RemovalWriter,
    text_segmentation=SegmentationWriter,
    tampered_text_detection=TamperingWriter)
# Lies in every synthetic data set: says how it was made, so that nobody takes
# it for the real one, and that it may be overwritten.
RECORD = 'synthetic.json'

# Task, split and index of an image.
Job = tuple[str, str, int]


def synthesize_dataset(out_dir: str | Path,
                       num_train: int = 24,
                       num_test: int = 8,
                       size: tuple[int, int] = (128, 128),
                       seed: int = 0,
                       num_workers: int = 1,
                       tasks: Sequence[str] = tuple(WRITERS),
                       font_dir: str | Path | None = None,
                       background_dir: str | Path | None = None,
                       overwrite: bool = False,
                       num_val: int = 4,
                       progress: bool = False,
                       presets: str | Sequence[str] = DEFAULT_PRESETS,
                       system_fonts: bool = False,
                       **changes: Any) -> dict[str, Path]:
    """Write synthetic data in the layouts of the three real data sets.

    SCUT-EnsText (text removal), TextSeg (text segmentation) and Tampered-IC13
    (tampered text detection).

    A sample depends on the seed, its task, its split and its number only: a
    test split stays the same when more training images are made, and the
    number of workers changes nothing. Files are equal byte by byte as long
    as the versions of NumPy, OpenCV and Pillow are.

    The data sets appear when all of them are complete; until then they are
    in a hidden folder ``.upocr_mm-*`` inside ``out_dir``, which is removed
    when the synthesis fails or is interrupted, or, if it was killed, when the
    next one begins.

    Args:
        out_dir: Folder of the data sets, as ``data/``.
        num_train: Training images of each task, at least 1.
        num_test: Test images of each task, at least 1.
        size: Height and width in pixels, each from 32 to 4096.
        seed: Not negative.
        num_workers: Number of processes, at least 1.
        tasks: Some of ``text_removal``, ``text_segmentation`` and
            ``tampered_text_detection``. Defaults to all.
        font_dir: Folder of further fonts. Defaults to None: only the fonts
            that come with matplotlib.
        background_dir: Folder of photographs without text to draw on.
            Defaults to None: backgrounds are computed.
        overwrite: Replace data sets that this function has made before.
            Others are never replaced, nor those that hold anything else.
        num_val: Validation images (only TextSeg has them), at least 0.
        progress: Print a progress bar.
        presets: See :class:`~upocr_mm.synthesis.renderer.SampleRenderer`.
        system_fonts: The same.
        **changes: The same.

    Returns:
        Root folder of the data set of each task.

    Raises:
        FileExistsError: If a data set is there already (and was not made by
            this function, holds other files too, or ``overwrite`` is False),
            or ``out_dir`` is a file.
        FileNotFoundError: If there are no fonts or backgrounds.
        TypeError: If a number is not an integer.
        ValueError: If an argument is out of its range, or a font or a
            background cannot be read.

    Example:
        >>> import tempfile
        >>> out_dir = tempfile.mkdtemp()
        >>> roots = synthesize_dataset(
        ...     out_dir, num_train=1, num_test=1, num_val=0, size=(64, 64),
        ...     tasks=['text_removal'])
        >>> roots['text_removal'].name
        'SCUT-EnsText'
    """
    _check_integer('num_train', num_train, 1)
    _check_integer('num_test', num_test, 1)
    _check_integer('num_val', num_val, 0)
    _check_integer('seed', seed, 0)
    _check_integer('num_workers', num_workers, 1)
    tasks = _checked_tasks(tasks)
    out_dir = Path(out_dir)
    roots = {task: out_dir / WRITERS[task].root for task in tasks}
    if out_dir.exists() and not out_dir.is_dir():
        raise FileExistsError(f'{out_dir} is a file; name a folder')
    for task, root in roots.items():
        _check_target(WRITERS[task](), root, overwrite)

    renderer = SampleRenderer(size, presets, seed, font_dir, background_dir,
                              system_fonts, **changes)
    writers = {task: WRITERS[task]() for task in tasks}
    wanted = dict(train=num_train, val=num_val, test=num_test)
    record = dict(
        note='Synthetic data of upocr_mm, not the real data set.',
        seed=seed,
        size=list(size),
        presets=presets if isinstance(presets, str) else list(presets),
        font_dir=font_dir and str(font_dir),
        background_dir=background_dir and str(background_dir),
        system_fonts=system_fonts,
        changes={
            name: repr(value)
            for name, value in changes.items()
        })
    made = _make_folders(out_dir)
    try:
        with temporary_folder(out_dir) as partial_dir:
            jobs: list[Job] = []
            for task, writer in writers.items():
                counts = {split: wanted[split] for split in writer.splits}
                root = partial_dir / 'new' / task
                writer.prepare(root)
                writer.finish(root, counts)
                (root / RECORD).write_text(
                    json.dumps(dict(record, **counts), indent=1) + '\n',
                    encoding='utf-8')
                jobs += [(task, split, index)
                         for split, count in counts.items()
                         for index in range(count)]
            _write_all(
                partial(_write_one, writers, partial_dir / 'new', renderer),
                jobs, num_workers, progress)
            for task, root in roots.items():
                _replace(partial_dir / 'new' / task, root, partial_dir / task)
    finally:
        for folder in reversed(made):
            if not any(folder.iterdir()):
                folder.rmdir()
    return roots


def _write_one(writers: dict[str, LayoutWriter], root: Path,
               renderer: SampleRenderer, job: Job) -> None:
    task, split, index = job
    sample = renderer.render(task, split, index)
    writers[task].write(root / task, split, index, sample)


def _write_all(write: partial, jobs: list[Job], num_workers: int,
               progress: bool) -> None:
    bar = ProgressBar(len(jobs)) if progress else None
    for _ in _results(write, jobs, num_workers):
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.file.write('\n')


def _results(write: partial, jobs: list[Job],
             num_workers: int) -> Iterator[None]:
    if num_workers == 1:
        yield from map(write, jobs)
        return
    # Leaving the block, also by an error, ends the workers.
    with multiprocessing.Pool(
            min(num_workers, len(jobs)), initializer=_start_worker) as pool:
        yield from pool.imap_unordered(write, jobs, chunksize=4)


def _start_worker() -> None:
    # One thread per process, and Ctrl-C is the parent's to handle.
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _replace(new: Path, root: Path, old: Path) -> None:
    """Move a finished data set to its place; both moves are renames."""
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.exists():
        root.rename(old)
    new.rename(root)


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and return those that were missing, outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _check_integer(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f'{name} must be an integer, got {value!r}')
    if value < least:
        raise ValueError(f'{name} must be at least {least}, got {value}')


def _checked_tasks(tasks: Sequence[str]) -> list[str]:
    tasks = [tasks] if isinstance(tasks, str) else list(tasks)
    unknown = [task for task in tasks if task not in WRITERS]
    if unknown or not tasks or len(set(tasks)) < len(tasks):
        raise ValueError('tasks must be one or more of '
                         f'{", ".join(WRITERS)}, each once, got {tasks!r}')
    return tasks


def _check_target(writer: LayoutWriter, root: Path, overwrite: bool) -> None:
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if not (root / RECORD).is_file():
        raise FileExistsError(
            f'"{root}" exists and was not made by this tool (it has no '
            f'{RECORD}), so it is not overwritten; choose another out_dir')
    if not overwrite:
        raise FileExistsError(f'"{root}" holds a synthetic data set already; '
                              'choose another out_dir or set overwrite '
                              '(--overwrite)')
    foreign = _foreign_files(writer, root)
    if foreign:
        raise FileExistsError(
            f'"{root}" holds {len(foreign)} file(s) that this tool has not '
            f'made, as {foreign[0]}, so it is not overwritten; move them away')


def _foreign_files(writer: LayoutWriter, root: Path) -> list[str]:
    """What a synthetic data set holds besides itself."""
    try:
        record = json.loads((root / RECORD).read_text(encoding='utf-8'))
        own = writer.known_paths(record) | {RECORD}
    except (ValueError, AttributeError, TypeError):
        own = set()
    files = (
        path.relative_to(root).as_posix() for path in root.rglob('*')
        if path.is_symlink() or not path.is_dir())
    return sorted(set(files) - own)
