"""Where the command ``upocr`` writes to."""
from __future__ import annotations
import argparse
import io
import os
import sys
from pathlib import Path
from typing import Any, Sequence

from PIL import Image

from ..utils import UsageError
from .overwriting import OverwriteGuard, check_json_lines
from .prediction import Prediction
from .saving import (FORMATS, LOSSLESS, result_files, result_images,
                     save_image, save_prediction, write_image)
from .sources import SUFFIXES, SourceFile


class Output:
    """Where the results go.

    Args:
        args: The command line.
        main_image: The picture that is the result; None writes everything.

    Raises:
        UsageError: Results cannot be written there.
    """

    def __init__(self, args: argparse.Namespace,
                 main_image: str | None) -> None:
        self.format = args.format
        self.quality = args.quality
        if Path(f'_{args.suffix}').name != f'_{args.suffix}':
            raise UsageError(f'--suffix {args.suffix} is a part of the names '
                             'of results and cannot lead to other folders')
        self.suffix = args.suffix
        self.main_image = main_image
        self.to_stdout = args.out == '-'
        self.out = Path(args.out)
        self.is_file = (not self.to_stdout and main_image is not None
                        and self.out.suffix.lower() in FORMATS
                        and not self.out.is_dir())
        single = len(args.inputs) == 1 and not Path(args.inputs[0]).is_dir()
        if (self.to_stdout or self.is_file) and not single:
            raise UsageError(f'--out {args.out} is for one picture; name a '
                             'folder')
        suffix = self.out.suffix.lower()
        if suffix in SUFFIXES and suffix not in FORMATS and (
                not self.out.is_dir()):
            raise UsageError(f'--out {args.out}: pictures are written as '
                             f'{", ".join(FORMATS)}')
        if not (self.to_stdout or self.is_file) and self.out.is_file():
            raise UsageError(f'--out {args.out} is a file; name a folder')
        if self.to_stdout and main_image is None:
            raise UsageError('--out - is for one picture, but `upocr all` '
                             'gives several; name a folder')
        if self.to_stdout and args.json == '-':
            raise UsageError('--out - and --json - both write to the standard '
                             'output')
        if not self.to_stdout:
            folder = self.out.parent if self.is_file else self.out
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f'--out {folder} cannot be made: '
                                 f'{error.strerror}') from None
            if not os.access(folder, os.W_OK):
                raise UsageError(f'--out {folder} cannot be written to')

    def _format(self, relative: Path) -> str:
        own = relative.suffix.lower()
        if self.format == 'same' and own in FORMATS:
            return own
        if self.format == 'auto' and own in LOSSLESS:
            return own
        return '.png' if self.format in ('auto',
                                         'same') else (f'.{self.format}')

    def _file(self, source: SourceFile, page: int, num_pages: int) -> Path:
        if self.is_file:
            return self.out
        relative = source.relative
        number = f'_page{page + 1}' if num_pages > 1 else ''
        return self.out / relative.parent / (
            f'{relative.stem}{number}{self.suffix}{self._format(relative)}')

    def _files(self,
               source: SourceFile,
               page: int = 0,
               num_pages: int = 1) -> list[Path]:
        """All files that a page can become."""
        if self.to_stdout:
            return []
        if self.main_image is not None:
            return [self._file(source, page, num_pages)]
        relative = self._relative(source)
        return list(
            result_files(self.out, relative, self._format(relative), page,
                         num_pages).values())

    def _relative(self, source: SourceFile) -> Path:
        relative = source.relative
        return relative.with_name(
            f'{relative.stem}{self.suffix}{relative.suffix}')

    def guard(self, inputs: Sequence[SourceFile], wanted: Sequence[SourceFile],
              args: argparse.Namespace) -> None:
        """Refuse to replace what the run reads, before it begins.

        Args:
            inputs: All pictures, also those that other machines predict.
            wanted: Those that are predicted.
            args: The command line.

        Raises:
            UsageError: A file would be replaced that must not be.
        """
        mask = getattr(args, 'mask', None)
        self._guard = OverwriteGuard(
            [s.source for s in inputs if isinstance(s.source, Path)],
            [] if mask is None else [Path(mask)])
        results = None
        if args.json not in (None, '-'):
            check_json_lines(Path(args.json), self._guard)
            results = os.path.realpath(args.json)
        for source in wanted:
            files = self._files(source)
            self._guard.check(files, self.is_file)
            if results and results in map(os.path.realpath, files):
                raise UsageError(f'--json {args.json} is a result of '
                                 f'{source.relative}, too; name another file')

    def exists(self, source: SourceFile) -> bool:
        """Whether the result of a picture is there, of its first page."""
        if self.main_image is None:
            stems = (source.relative.stem, f'{source.relative.stem}_page1')
            return any((self.out / source.relative.parent /
                        f'{stem}{self.suffix}.json').exists()
                       for stem in stems)
        return any(self._file(source, 0, n).exists() for n in (1, 2))

    def write(self, prediction: Prediction, source: SourceFile) -> None:
        """Write the results of a picture."""
        picture = prediction.picture
        if (self.to_stdout or self.is_file) and picture.num_pages > 1:
            raise ValueError(f'{picture.name} has {picture.num_pages} pages, '
                             f'but --out {self.out} is for one; name a folder')
        self._guard.claim(
            self._files(source, picture.page, picture.num_pages), self.is_file)
        if self.main_image is None:
            relative = self._relative(source)
            save_prediction(prediction, self.out, relative,
                            self._format(relative), self.quality)
            return
        image = result_images(prediction)[self.main_image]
        keeps = picture if self.main_image == 'text_free' else None
        if self.to_stdout:
            self._to_stdout(image, keeps, source)
            return
        file = self._file(source, picture.page, picture.num_pages)
        save_image(image, file, keeps, self.quality)

    def _to_stdout(self, image: Image.Image, picture: Any,
                   source: SourceFile) -> None:
        stream = io.BytesIO()
        info = picture.info if picture is not None else {}
        write_image(image, stream, self._format(source.relative), info,
                    self.quality)
        sys.stdout.buffer.write(stream.getvalue())
        sys.stdout.buffer.flush()
