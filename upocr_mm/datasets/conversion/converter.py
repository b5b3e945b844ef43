from __future__ import annotations
import re
from abc import ABCMeta, abstractmethod
from pathlib import Path
from typing import NamedTuple, Sequence

from ..data_check import Problem
from .raw_files import RawFile


class Sample(NamedTuple):
    """What one sample of a data set is made of.

    Attributes:
        split: Its split.
        name: The name of its image, without the ending.
        files: Files of the download, by their places below the data set's
            folder.
        drawn: Places of files that :meth:`Converter.finish` draws.
    """
    split: str
    name: str
    files: dict[str, RawFile]
    drawn: tuple[str, ...] = ()


class Plan(NamedTuple):
    """What is to be made of a download.

    Attributes:
        samples: The samples that are complete in it.
        problems: What is wrong with others.
        index: Files that describe the data set, by their places. They are
            written after the samples.
    """
    samples: list[Sample]
    problems: list[Problem]
    index: dict[str, RawFile]


class Converter(metaclass=ABCMeta):
    """Knows the download and the layout of one data set.

    Args:
        splits: The splits to convert. Defaults to None: all.

    Attributes:
        counts: Published number of images of each split.
        layout: What a download holds, for messages.

    Raises:
        ValueError: There is no such split.
    """

    counts: dict[str, int]
    layout: str

    def __init__(self, splits: Sequence[str] | None = None) -> None:
        self.splits = list(self.counts if splits is None else splits)
        unknown = set(self.splits) - set(self.counts)
        if unknown or not self.splits:
            raise ValueError(f'splits must be some of {list(self.counts)}, '
                             f'got {self.splits}')

    @abstractmethod
    def plan(self, files: Sequence[RawFile]) -> Plan:
        """Find the samples in a download, by the names of files alone.

        Args:
            files: Of the download.
        """

    @abstractmethod
    def finish(self, sample: Sample,
               paths: dict[str, Path]) -> tuple[dict, list[Problem]]:
        """Draw what is to be drawn of a sample.

        Args:
            sample: The sample, its files copied.
            paths: Where its files are, by their places; those to draw are
                not there yet.

        Returns:
            The data info, by which the files are checked (see
            :class:`~upocr_mm.datasets.BasePairedDataset`), and what is wrong
            with the files besides.
        """


def find_folder(files: Sequence[RawFile], names: Sequence[str],
                suffixes: Sequence[str],
                problems: list[Problem]) -> dict[str, RawFile]:
    """Find the files of a folder, wherever it is in a download.

    Args:
        files: Files of the download.
        names: Names of the folder; the first that has files is taken.
        suffixes: Endings (lower case, with dot) of the files.
        problems: Gets a problem where two files have one name. (Files that
            are there twice, unpacked and in an archive, are no problem.)

    Returns:
        The files by their stems (names without ending), sorted; without those
        of which there are two.
    """
    found: dict[str, RawFile] = {}
    unclear = set()
    for name in names:
        for file in files:
            if file.suffix not in suffixes or file.parts[-2].lower() != name:
                continue
            other = found.setdefault(file.stem, file)
            same = (
                other.size == file.size and other.suffix == file.suffix
                and (other.archive is None) != (file.archive is None))
            if other is not file and not same:
                unclear.add(file.stem)
                problems.append(
                    Problem('two files for one sample (one is allowed)',
                            f'{other.origin} and {file.origin}'))
        if found:
            break
    return {stem: found[stem] for stem in sorted(found.keys() - unclear)}


def split_of(file: RawFile, splits: Sequence[str]) -> str | None:
    """The split that a file belongs to, by the names of its folders.

    The innermost folder counts whose name holds one split as a word:
    ``train``, ``EnsText_train``.

    Args:
        file: The file.
        splits: Names of splits.
    """
    for part in reversed(file.parts[:-1]):
        words = re.split('[^a-z]+', part.lower())
        named = [split for split in splits if split in words]
        if len(named) == 1:
            return named[0]
    return None


def missing_numbers(names: Sequence[str], count: int) -> list[str]:
    """Guess the names of missing files from gaps in their numbers.

    Args:
        names: Names of the files that are there, as ``img_12``.
        count: How many there should be.

    Returns:
        The names in the gaps, if there are just as many as are missing, and
        not more than are there.

    Example:
        >>> missing_numbers(['img_1', 'img_4', 'img_2'], 4)
        ['img_3']
    """
    matches = [re.fullmatch(r'(.*?)(\d+)', name) for name in names]
    if not matches or None in matches or len({m[1] for m in matches}) > 1:
        return []
    numbers = {int(match[2]) for match in matches}
    first, last = 1, count
    if max(numbers) > count:
        first, last = min(numbers), max(numbers)
    gaps = sorted(set(range(first, last + 1)) - numbers)
    if len(gaps) != count - len(names) or len(gaps) > len(names):
        return []
    padded = any(match[2].startswith('0') for match in matches)
    width = len(matches[0][2]) if padded else 1
    return [f'{matches[0][1]}{number:0{width}}' for number in gaps]
