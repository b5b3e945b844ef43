from __future__ import annotations
import shutil
from collections import Counter
from pathlib import Path
from typing import Sequence

from .debian_copyright import DebianCopyright
from .debian_package import PackagedFile
from .font_packages import FONT_SUFFIXES, SKIPPED_FONTS
from .font_scripts import read_faces

ALL = ('*', )


def collect_fonts(files: Sequence[PackagedFile],
                  copyright_text: str,
                  out_dir: Path,
                  taken: Sequence[str] = ALL) -> tuple[list[dict], Counter]:
    """Copy the font files of a package that write one of ``SCRIPTS``.

    Args:
        files: The files of the package; fonts are told by their suffixes.
        copyright_text: See :class:`DebianCopyright`.
        out_dir: Folder to copy them into; must exist.
        taken: Patterns; other files are left out, and those of
            ``SKIPPED_FONTS``. Defaults to all files.

    Returns:
        A row for each face (``file``, its name in ``out_dir``, ``face``, its
        index in the file, ``family``, ``style``, ``scripts``, joined by
        spaces, ``license``), and the numbers of files by what became of them.

    Raises:
        OSError: ``out_dir`` cannot be written.
    """
    licenses = DebianCopyright(copyright_text)
    counts: Counter = Counter()
    rows: list[dict] = []
    names: set[str] = set()
    for file in files:
        if (file.path.suffix.lower() not in FONT_SUFFIXES
                or not file.matches(taken) or file.matches(SKIPPED_FONTS)):
            continue
        counts['font files'] += 1
        license_ = licenses.license_of(file.name)
        if license_ is None or not license_.is_free:
            counts['no free license'] += 1
            continue
        try:
            faces = [face for face in read_faces(file.path) if face.scripts]
        except ValueError:
            counts['unreadable'] += 1
            continue
        # Some packages have a font in several folders.
        if not faces or file.path.name in names:
            counts['seen before' if faces else 'without a script'] += 1
            continue
        names.add(file.path.name)
        shutil.copyfile(file.path, out_dir / file.path.name)
        counts['copied'] += 1
        rows += [
            dict(
                file=file.path.name,
                face=face.index,
                family=face.family,
                style=face.style,
                scripts=' '.join(face.scripts),
                license=license_.name) for face in faces
        ]
    return rows, counts
