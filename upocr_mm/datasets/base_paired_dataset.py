from __future__ import annotations
import logging
from pathlib import Path
from typing import Iterable, Sequence

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from .data_check import (DAMAGED, MAX_LISTED, MOSTLY_TEXT, ORIENTED, TOLERATED,
                         TOO_SMALL, DataCheckError, Problem, check_samples,
                         format_problems, turns_images)

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
# Pictures of these endings are not read, and not overlooked either.
OTHER_SUFFIXES = ('.gif', '.jp2', '.j2k', '.jfif', '.jpe', '.jxl', '.heic',
                  '.heif', '.avif', '.tga', '.pcx', '.ppm', '.pgm', '.psd',
                  '.ico')
UNREAD = ('picture of a kind that is not read (allowed: '
          f'{", ".join(IMAGE_SUFFIXES)})')
NO_FILE = 'no regular file (a file is needed)'


class BasePairedDataset(BaseDataset):
    """Base of the data sets that pair images with pixel-level targets.

    A subclass lists its samples in :meth:`list_samples`. A data info holds
    ``img_path`` and ``task`` and any of the following, which
    :class:`LoadTargets` turns into arrays:

    - ``target_path``: image that is the target;
    - ``mask_path``, ``mask_text_value``: text mask and the value (0 or 255)
      of text in it;
    - ``polygons``: text regions, ``[x, y, x, y, ...]`` each;
    - ``seg_map_path``, ``label_map``: class map, and the class (255 =
      ignored) of each value in it;
    - ``boxes``: ``[x1, y1, x2, y2, class]`` each, corners inclusive.

    Polygons and boxes are in pixels of the file; ``ann_path`` and
    ``ann_lines`` say where they come from.

    Pixels are taken as stored: the EXIF orientation of a file must be ignored
    (``LoadImageFromFile(color_type='color_ignore_orientation')``), because
    targets are not turned by it. The check of the files warns of such files,
    and refuses them if the pipeline turns them; without the check, a pipeline
    that turns images is warned of.

    Args:
        data_root: Folder of the data set.
        task: Name of the task the samples are for. None takes the one of
            ``METAINFO``.
        check_files: Whether to decode and check every file at start. Missing
            files and broken annotation lines are reported in any case.
        **kwargs: Arguments of mmengine's ``BaseDataset``.

    Raises:
        DataCheckError: (a ``ValueError``) with all problems of the data in
            one message, when the data set is initialized.
    """

    def __init__(self,
                 data_root: str,
                 task: str | None = None,
                 check_files: bool = True,
                 **kwargs) -> None:
        self.task = task or self.METAINFO['task']
        self.check_files = check_files
        # Names without ending of files of splits that are not read.
        self.elsewhere: set[str] = set()
        self._problems: list[Problem] = []
        # What a training is warned of, and goes on.
        self._doubts: list[Problem] = []
        # Files with an EXIF orientation, filled by the check.
        self.oriented: list[Problem] = []
        super().__init__(data_root=data_root, **kwargs)

    @property
    def metainfo(self) -> dict:
        """Meta information: ``task`` and, for classifications, ``classes``
        and ``palette`` (RGB, 0 to 255)."""
        return dict(super().metainfo, task=self.task)

    def list_samples(self) -> list[dict]:
        """List the data infos (without ``task``), noting what is wrong by
        :meth:`note`."""
        raise NotImplementedError

    def load_data_list(self) -> list[dict]:
        """List the samples; called by ``full_init``."""
        self._problems, self._doubts = [], []
        samples = self.list_samples()
        if not samples:
            self.note('empty data set (at least one image is needed)',
                      f'{self.data_root}: no usable sample')
            self._raise_problems()
        return [dict(sample, task=self.task) for sample in samples]

    def list_checked(self) -> tuple[list[dict], list[Problem]]:
        """List the samples without raising what is wrong.

        Files are not decoded (:func:`check_sample` does that), ``indices``
        are not heeded.

        Returns:
            The data infos of the samples whose files are there, and what is
            wrong with the others, or doubtful.
        """
        try:
            samples = self.load_data_list()
            return samples, self._problems + self._doubts
        except DataCheckError as error:
            broken = Problem('list of samples that cannot be read', str(error))
            return [], (self._problems or [broken]) + self._doubts

    def full_init(self) -> None:
        """List and check the samples, once."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.check_files:
            samples = [self.get_data_info(i) for i in range(len(self))]
            self._note_found(check_samples(type(self).__name__, samples))
        elif turns_images(self.pipeline):
            self.warn_of_turns()
        if self._problems:
            self._fully_initialized = False
            self._raise_problems()
        if self._doubts:
            self._warn(format_problems(self.data_root, self._doubts))

    def _note_found(self, found: list[Problem]) -> None:
        groups = {
            kind: [p for p in found if p.kind == kind]
            for kind in TOLERATED
        }
        self._problems += [p for p in found if p.kind not in groups]
        self._doubts += groups[DAMAGED] + groups[TOO_SMALL]
        if len(groups[MOSTLY_TEXT]) > len(self) / 2:
            self._doubts += groups[MOSTLY_TEXT]
        self.oriented = groups[ORIENTED]
        if turns_images(self.pipeline):
            self._problems += self.oriented
        elif self.oriented:
            listed = [p.detail for p in self.oriented[:MAX_LISTED]]
            if len(self.oriented) > MAX_LISTED:
                listed.append('...')
            self._warn(f'the EXIF orientation of {len(self.oriented)} file(s) '
                       'is ignored, the pixels are taken as stored: '
                       f'{"; ".join(listed)}')

    def warn_of_turns(self) -> None:
        """Say that a pipeline would turn images, of unchecked files."""
        self._warn('the files are not checked, and LoadImageFromFile turns '
                   'images by an EXIF orientation, but nothing their targets: '
                   "set color_type='color_ignore_orientation'")

    def _warn(self, text: str) -> None:
        print_log(
            f'{type(self).__name__}: {text}',
            logger='current',
            level=logging.WARNING)

    def doubt(self, kind: str, detail: str) -> None:
        """Note what a training is warned of, and the check reports."""
        self._doubts.append(Problem(kind, detail))

    def doubt_unused(self, used: Iterable[str], files: dict[str, str]) -> None:
        """Note targets that have no image.

        Args:
            used: Stems of the images.
            files: Targets by stem.
        """
        for stem in sorted(set(files) - set(used)):
            self.doubt('target without an image (is it missing?)', files[stem])

    def note(self, kind: str, detail: str) -> None:
        """Note a problem; all are raised together at the end."""
        self._problems.append(Problem(kind, detail))

    def index_folder(self,
                     folder: Path,
                     suffixes: Sequence[str] = IMAGE_SUFFIXES,
                     alternative: str = '') -> dict[str, str]:
        """List the files of a folder, noting a problem if it is missing.

        Args:
            folder: The folder; its sub-folders are not searched.
            suffixes: Endings (lower case, with dot) of the files to list.
            alternative: Name of another folder that would do, for the
                message.

        Returns:
            The paths by stem (name without ending), sorted by stem.
        """
        if not folder.is_dir():
            hint = f' (or {alternative})' if alternative else ''
            self.note('missing folder', f'{folder}{hint}')
            return {}
        files: dict[str, str] = {}
        for path in sorted(folder.iterdir()):
            suffix = path.suffix.lower()
            if suffix in OTHER_SUFFIXES and suffixes is IMAGE_SUFFIXES:
                self.note(UNREAD, str(path))
            if suffix not in suffixes:
                continue
            if not path.is_file():
                self.note(NO_FILE, str(path))
                continue
            if path.stem in files:
                self.note('two files for one sample (one is allowed)',
                          f'{files[path.stem]} and {path}')
            files[path.stem] = str(path)
        return files

    def _raise_problems(self) -> None:
        raise DataCheckError(
            format_problems(f'{type(self).__name__} ({self.data_root})',
                            self._problems))

    def note_missing(self, img_path: str, wanted: str) -> None:
        """Note that an image has no target.

        Args:
            img_path: The image.
            wanted: The file or the kind of file that is missing.
        """
        self.note('image without a target (every image needs one)',
                  f'{img_path}: no {wanted}')
