"""Where the command ``upocr`` writes to."""
from __future__ import annotations
import argparse
import io
import os
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from ..utils import UsageError
from .prediction import Prediction
from .saving import (FORMATS, LOSSLESS, result_images, save_image,
                     save_prediction, write_image)
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
        self.suffix = args.suffix
        self.main_image = main_image
        self.to_stdout = args.out == '-'
        self.out = Path(args.out)
        self.is_file = (not self.to_stdout and main_image is not None
                        and self.out.suffix.lower() in FORMATS)
        single = len(args.inputs) == 1 and not Path(args.inputs[0]).is_dir()
        if (self.to_stdout or self.is_file) and not single:
            raise UsageError(f'--out {args.out} is for one picture; name a '
                             'folder')
        suffix = self.out.suffix.lower()
        if suffix in SUFFIXES and suffix not in FORMATS:
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
        if self.main_image is None:
            relative = source.relative
            relative = relative.with_name(
                f'{relative.stem}{self.suffix}{relative.suffix}')
            save_prediction(prediction, self.out, relative,
                            self._format(relative), self.quality)
            return
        image = result_images(prediction)[self.main_image]
        keeps = picture if self.main_image == 'text_free' else None
        if self.to_stdout:
            self._to_stdout(image, keeps, source)
            return
        file = self._file(source, picture.page, picture.num_pages)
        if isinstance(source.source,
                      Path) and file.exists() and (file.samefile(
                          source.source)):
            raise ValueError(f'{file} would be overwritten by its result; '
                             'choose another --out or a --suffix')
        save_image(image, file, keeps, self.quality)

    def _to_stdout(self, image: Image.Image, picture: Any,
                   source: SourceFile) -> None:
        stream = io.BytesIO()
        info = picture.info if picture is not None else {}
        write_image(image, stream, self._format(source.relative), info,
                    self.quality)
        sys.stdout.buffer.write(stream.getvalue())
        sys.stdout.buffer.flush()
