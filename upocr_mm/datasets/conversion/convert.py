from __future__ import annotations
import contextlib
import filecmp
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple, Sequence

from ...utils import written_whole
from ..base_paired_dataset import IMAGE_SUFFIXES, NO_FILE
from ..data_check import TOLERATED, DataCheckError, Problem, check_sample
from .converter import Converter, Plan, Sample, missing_numbers
from .raw_files import DamagedArchiveError, RawFile, RawFiles
from .run_all import run_all


class Conversion(NamedTuple):
    """What was done, or with a dry run would be.

    Attributes:
        found: Number of samples of each split that are in place now.
        written: How many of them were written.
        num_bytes: Size of the files that were copied (not linked).
        problems: What is wrong or missing.
    """
    found: dict[str, int]
    written: int
    num_bytes: int
    problems: list[Problem]


def convert(converter: Converter,
            sources: Sequence[str | Path],
            dst: str | Path,
            link: bool = True,
            dry_run: bool = False,
            progress: bool = False) -> Conversion:
    """Bring a downloaded data set into the layout that our data sets read.

    A sample is written when all its files are right (see
    :func:`~upocr_mm.datasets.data_check.check_sample`), each of them whole
    or not at all. A later call writes only what is missing. The download is
    never changed.

    Args:
        converter: Knows the data set.
        sources: Folders and archives of the download.
        dst: Folder of the data set, as ``data/TextSegmentation/TextSeg``. It
            may be the download itself.
        link: Make hard links instead of copies where the download is a
            folder and the file system can.
        dry_run: Write nothing; the content of the files is not checked.
        progress: Print a progress bar to the standard error output.

    Raises:
        DataCheckError: (a ``ValueError``) The download holds nothing of the
            data set.
        FileNotFoundError: A source does not exist.
        NotADirectoryError: ``dst`` is a file.
        OSError: The disk is full or cannot be written. What is written by
            then is whole.
        ValueError: An archive cannot be read.
    """
    dst = Path(dst)
    if dst.exists() and not dst.is_dir():
        raise NotADirectoryError(f'{dst} is a file; name a folder')
    raw = RawFiles([Path(source) for source in sources], skip=dst)
    with contextlib.closing(raw):
        plan = converter.plan(raw.files)
        if not plan.samples and not plan.problems:
            raise DataCheckError(_nothing(converter, sources, raw))
        todo, present, conflicts = _compare(plan, dst)
        irregular = [Problem(NO_FILE, str(path)) for path in raw.irregular]
        problems = [*irregular, *plan.problems, *conflicts]
        copied = [
            file for sample in todo for file in sample.files.values()
            if file.archive is not None or not link
        ]
        num_bytes = sum(file.size for file in copied)
        if not dry_run and todo:
            _check_space(dst, num_bytes)
            found = _write(converter, raw, todo, dst, link, progress)
            problems += [p for wrong in found for p in wrong]
            todo = [sample for sample, wrong in zip(todo, found) if not wrong]
        if not dry_run and (present or todo):
            _write_index(plan, dst)
    names = {split: [] for split in converter.splits}
    for sample in (*present, *todo):
        names[sample.split].append(sample.name)
    short = _check_counts(converter, names)
    if short:
        short += [
            Problem('archive that cannot be read here (unpack it first)',
                    str(path)) for path in raw.foreign
        ]
    problems += short
    return Conversion({
        split: len(group)
        for split, group in names.items()
    }, len(todo), num_bytes, problems)


class _Rejected(Exception):
    """Leaves the block in which a sample is written."""


def _compare(plan: Plan,
             dst: Path) -> tuple[list[Sample], list[Sample], list[Problem]]:
    """Samples to write, samples that are there, and files in the way."""
    todo, present, conflicts = [], [], []
    for sample in plan.samples:
        conflict = _conflict(sample, dst)
        if conflict:
            conflicts.append(conflict)
        elif all((dst / place).is_file()
                 for place in (*sample.files, *sample.drawn)):
            present.append(sample)
        else:
            todo.append(sample)
    conflicts += [
        _another(dst / place, file) for place, file in plan.index.items()
        if (dst / place).is_file() and _differs(dst / place, file)
    ]
    return todo, present, conflicts


def _write(converter: Converter, raw: RawFiles, samples: list[Sample],
           dst: Path, link: bool, progress: bool) -> list[list[Problem]]:
    """Write samples; the problems of each."""
    dst.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.unpacked-', dir=dst) as folder:
        raw.unpack([f for sample in samples for f in sample.files.values()],
                   Path(folder))
        return run_all(
            lambda sample: _write_sample(converter, sample, dst, link),
            samples, progress)


def _write_index(plan: Plan, dst: Path) -> None:
    for place, file in plan.index.items():
        if not (dst / place).is_file():
            with written_whole(dst / place) as folder:
                (folder / Path(place).name).write_bytes(file.read())


def _write_sample(converter: Converter, sample: Sample, dst: Path,
                  link: bool) -> list[Problem]:
    problems: list[Problem] = []
    with contextlib.suppress(_Rejected), contextlib.ExitStack() as stack:
        paths = {}
        for place in (*sample.files, *sample.drawn):
            folder = stack.enter_context(written_whole(dst / place))
            paths[place] = folder / Path(place).name
        try:
            for place, file in sample.files.items():
                file.copy_to(paths[place], link)
        except DamagedArchiveError as error:
            problems.append(
                Problem('damaged archive (a complete one is needed)',
                        str(error)))
            raise _Rejected from None
        info, found = converter.finish(sample, paths)
        found += [p for p in check_sample(info) if p.kind not in TOLERATED]
        origins = {
            str(paths[place]): file.origin
            for place, file in sample.files.items()
        }
        problems += [Problem(p.kind, _named(p.detail, origins)) for p in found]
        if problems:
            raise _Rejected
    return problems


def _named(text: str, origins: dict[str, str]) -> str:
    """Name the files of the download instead of their copies."""
    for path, origin in origins.items():
        text = text.replace(path, origin)
    return text


def _conflict(sample: Sample, dst: Path) -> Problem | None:
    """A file at the place of another one."""
    for place, file in sample.files.items():
        if (dst / place).is_file() and _differs(dst / place, file):
            return _another(dst / place, file)
    for place in (*sample.files, *sample.drawn):
        path = dst / place
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        for suffix in IMAGE_SUFFIXES:
            other = path.with_suffix(suffix)
            if other != path and other.is_file():
                return Problem(
                    'two files for one sample (one is allowed)',
                    f'{other} is there already, {path.name} would be written')
    return None


def _differs(path: Path, file: RawFile) -> bool:
    if path.stat().st_size != file.size:
        return True
    # Label files of equal size may differ, pictures hardly.
    text = file.suffix in ('.txt', '.json') and file.path is not None
    return text and not filecmp.cmp(path, file.path, shallow=False)


def _another(path: Path, file: RawFile) -> Problem:
    return Problem(
        'another file is there already (remove it, or choose another folder)',
        f'{path} ({path.stat().st_size} bytes) is not {file.origin} '
        f'({file.size} bytes)')


def _check_space(dst: Path, num_bytes: int) -> None:
    folder = next(f for f in (dst, *dst.resolve().parents) if f.exists())
    free = shutil.disk_usage(folder).free
    if num_bytes > free:
        raise OSError(f'{dst}: {num_bytes / 1e6:,.1f} MB are to be written, '
                      f'but {free / 1e6:,.1f} MB are free')


def _check_counts(converter: Converter,
                  names: dict[str, list[str]]) -> list[Problem]:
    problems = []
    for split, group in names.items():
        wanted = converter.counts[split]
        if len(group) == wanted:
            continue
        gaps = missing_numbers(group, wanted)
        listed = ', '.join(gaps[:20]) + (', ...' if len(gaps) > 20 else '')
        problems.append(
            Problem(
                'split of another size than the published one',
                f'{split}: {len(group):,} of {wanted:,} images' +
                (f'; by the numbering these are missing: {listed}' *
                 bool(gaps))))
    return problems


def _nothing(converter: Converter, sources: Sequence[str | Path],
             raw: RawFiles) -> str:
    text = (f'{", ".join(map(str, sources))}: nothing of the splits '
            f'{", ".join(converter.splits)} is in it (wanted: '
            f'{converter.layout})')
    if raw.foreign:
        text += (f'; {", ".join(map(str, raw.foreign))} cannot be read here: '
                 'unpack it first')
    return text
