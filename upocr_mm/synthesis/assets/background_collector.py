from __future__ import annotations
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from .background_packages import PHOTO_SUFFIXES, SKIPPED_NAMES
from .debian_copyright import DebianCopyright
from .debian_package import PackagedFile
from .photo_crops import cut_photo, open_photo
from .photo_statistics import measure_photo
from .seen_photos import SeenPhotos

# width and height as the name of a file
SIZE_NAME = re.compile(r'(\d+)x(\d+)')


@dataclass(frozen=True)
class BackgroundCollector:
    """Takes what can be a background from the files of a package.

    Args:
        has_text: Tells whether an RGB image of shape (H, W, 3), uint8, shows
            text. Defaults to None: nothing is dropped for it.
        max_side: Most pixels of a side of what is written.
        min_side: Least pixels of the shorter side of a picture.
        max_short: The shorter side of a large picture is reduced to this
            before it is cut into pieces.
        quality: Of the JPEG files.
    """

    has_text: Callable[[np.ndarray], bool] | None = None
    max_side: int = 1024
    min_side: int = 256
    max_short: int = 1536
    quality: int = 95

    @property
    def settings(self) -> dict:
        """What a result depends on, to be compared with that of before."""
        return {**vars(self), 'has_text': self.has_text is not None}

    def collect(
        self,
        files: Sequence[PackagedFile],
        copyright_text: str,
        out_dir: Path,
        skipped: Sequence[str] = (),
        tick: Callable[[int], object] = lambda number: None
    ) -> tuple[list[dict], Counter]:
        """Write the useful pieces of all pictures of a package.

        Args:
            files: The files of the package; pictures are told by their
                suffixes.
            copyright_text: See :class:`DebianCopyright`.
            out_dir: Folder to write the JPEG files into; made if need be.
            skipped: Patterns of files that are skipped, besides
                ``SKIPPED_NAMES``.
            tick: Called with 1, 2, ... before each picture.

        Returns:
            A row for each written file (``file``, its name in ``out_dir``,
            ``path`` in the package, ``license``, ``copyright``, ``width``,
            ``height``), and the numbers of pictures and pieces by what became
            of them.

        Raises:
            OSError: ``out_dir`` cannot be written.
        """
        out_dir.mkdir(parents=True, exist_ok=True)
        licenses = DebianCopyright(copyright_text)
        counts: Counter = Counter()
        rows: list[dict] = []
        seen = SeenPhotos()
        for file in photos_of(files, skipped):
            counts['pictures'] += 1
            tick(counts['pictures'])
            license_ = licenses.license_of(file.name)
            if license_ is None or not license_.is_free:
                counts['no free license'] += 1
                continue
            pieces = list(self._pieces(file, seen, counts))
            counts['used pictures'] += bool(pieces)
            for index, piece in enumerate(pieces):
                # The suffix keeps apart what differs by it only.
                stem = re.sub(r'[^A-Za-z0-9]+', '-', file.path.name)
                name = f'{counts["used pictures"]:04d}_{stem}_{index}.jpg'
                Image.fromarray(piece).save(
                    out_dir / name, quality=self.quality, subsampling=0)
                rows.append(
                    dict(
                        file=name,
                        path=file.name,
                        license=license_.name,
                        copyright=license_.copyright,
                        width=piece.shape[1],
                        height=piece.shape[0]))
        counts['pieces'] = len(rows)
        return rows, counts

    def _pieces(self, file: PackagedFile, seen: SeenPhotos,
                counts: Counter) -> Iterator[np.ndarray]:
        try:
            image = open_photo(str(file.path))
        except Exception:  # Pillow's are of many kinds
            counts['unreadable'] += 1
            return
        if image is None:
            counts['transparent'] += 1
            return
        if min(image.shape[:2]) < self.min_side:
            counts['small'] += 1
            return
        objection = measure_photo(image).objection()
        if objection is None and seen.add(image):
            objection = 'seen before'
        if objection:
            counts[objection] += 1
            return
        for piece in cut_photo(image, self.max_side, self.min_side,
                               self.max_short):
            objection = measure_photo(piece).objection()
            if objection is None and self.has_text and self.has_text(piece):
                objection = 'text'
            if objection:
                counts[f'piece: {objection}'] += 1
            else:
                yield piece


def photos_of(files: Sequence[PackagedFile],
              skipped: Sequence[str]) -> list[PackagedFile]:
    """The pictures among files, the largest files first.

    Of several in one folder whose names are sizes (``1920x1080.jpg``) only
    the largest is taken.

    Args:
        files: Any files.
        skipped: Patterns of files to leave out, besides ``SKIPPED_NAMES``.

    Returns:
        Those with the suffix of a picture.
    """
    photos: list[PackagedFile] = []
    largest: dict[str, tuple[int, PackagedFile]] = {}
    for file in files:
        if (file.path.suffix.lower() not in PHOTO_SUFFIXES
                or file.matches(SKIPPED_NAMES) or file.matches(skipped)):
            continue
        size = SIZE_NAME.fullmatch(file.path.stem)
        if not size:
            photos.append(file)
            continue
        folder = file.name.rpartition('/')[0]
        area = int(size[1]) * int(size[2])
        if area > largest.get(folder, (0, file))[0]:
            largest[folder] = (area, file)
    photos += [file for _, file in largest.values()]
    # Large copies come before small ones, which are dropped as seen before.
    return sorted(
        photos, key=lambda file: (-file.path.stat().st_size, file.name))
