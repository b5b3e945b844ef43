from __future__ import annotations
import glob
import itertools
import os
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple, Sequence
from urllib.parse import unquote, urlsplit

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp', '.gif',
            '.ppm', '.pgm', '.jp2')
# Where results go by default; what an earlier run wrote there is no input.
RESULTS_FOLDER = 'upocr_output'


class SourceFile(NamedTuple):
    """One input.

    Attributes:
        source: What :func:`~upocr_mm.apis.picture.read_pictures` takes.
        relative: Path below the folder that was given, which the output
            repeats; only a name for single files.
    """
    source: Any
    relative: Path


def find_sources(inputs: Any, recursive: bool = True) -> Iterator[SourceFile]:
    """Expand inputs into single pictures, in a fixed order.

    Args:
        inputs: A path, folder, pattern (``*``, ``?``, ``[...]``, ``**``),
            ``file://`` URL, bytes, ``PIL.Image``, array, or a list of these.
        recursive: Whether folders within folders are searched.

    Yields:
        The pictures. Of folders those with the suffix of a picture; hidden
        ones are skipped, and folders within called ``upocr_output``.

    Raises:
        FileNotFoundError: A path does not exist, or there is no picture.
        ValueError: A URL is of another kind than ``file:``.
    """
    if isinstance(inputs, (list, tuple)):
        for number, one in enumerate(inputs):
            for found in find_sources(one, recursive):
                if not isinstance(one, (str, Path)):
                    found = found._replace(relative=Path(f'{number:06d}'))
                yield found
        return
    if not isinstance(inputs, (str, Path)):
        yield SourceFile(inputs, Path('000000'))
        return
    path = Path(_local(inputs))
    if path.is_dir():
        yield from _folder(path, recursive)
    elif os.path.lexists(path):
        yield SourceFile(path, Path(path.name))
    elif glob.has_magic(str(path)):
        files = sorted(map(Path, glob.glob(str(path), recursive=True)))
        files = [file for file in files if not file.is_dir()]
        if not files:
            raise FileNotFoundError(f'no file matches {path}')
        root = _fixed_part(path)
        for file in files:
            yield SourceFile(file, file.relative_to(root))
    else:
        raise FileNotFoundError(f'{path} does not exist')


def with_unique_names(sources: Iterable[SourceFile]) -> list[SourceFile]:
    """Rename what would get the same results' names.

    ``a.jpg`` and ``a.png`` of one folder become ``a.jpg.jpg`` and
    ``a.png.png``, so that the names of their results differ; files of the
    same name from different folders get a number.

    Args:
        sources: The pictures.

    Returns:
        The same in this order; the parent folder and the name without suffix
        of :attr:`SourceFile.relative` occur once, whatever their case, as
        some file systems do not tell it apart.
    """
    sources = list(sources)
    suffixes: dict[Path, set[str]] = {}
    for _, path in sources:
        suffixes.setdefault(path.with_suffix(''), set()).add(path.suffix)
    used: set[str] = set()
    renamed = []
    for source, path in sources:
        if len(suffixes[path.with_suffix('')]) > 1:
            path = path.with_name(path.name + path.suffix)
        wanted = path
        for number in itertools.count(2):
            key = str(path.with_suffix('')).casefold()
            if key not in used:
                break
            path = wanted.with_name(f'{wanted.stem}_{number}{wanted.suffix}')
        used.add(key)
        renamed.append(SourceFile(source, path))
    return renamed


def _local(path: str | Path) -> str:
    """A path, of a file URL, too."""
    text = str(path)
    if '://' not in text:
        return text
    url = urlsplit(text)
    if url.scheme != 'file' or url.netloc not in ('', 'localhost'):
        raise ValueError(f'{text}: of URLs only file:///... is read; download '
                         'the picture first')
    return unquote(url.path)


def _fixed_part(pattern: Path) -> Path:
    """The folder of a pattern before its first wildcard."""
    parts: Sequence[str] = pattern.parts
    for i, part in enumerate(parts):
        if glob.has_magic(part):
            return Path(*parts[:i])
    return pattern.parent


def _folder(folder: Path, recursive: bool) -> Iterator[SourceFile]:
    found = False
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            f for f in folders
            if recursive and not f.startswith('.') and f != RESULTS_FOLDER)
        for name in sorted(files):
            file = Path(root, name)
            if file.suffix.lower() in SUFFIXES and not name.startswith('.'):
                found = True
                yield SourceFile(file, file.relative_to(folder))
    if not found:
        raise FileNotFoundError(f'{folder} has no pictures '
                                f'({", ".join(SUFFIXES)})')
