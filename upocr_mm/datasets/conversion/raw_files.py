"""The files of a download, in folders and in archives."""
from __future__ import annotations
import os
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Iterator, Sequence

TAR_SUFFIXES = ('.tar', '.tar.gz', '.tgz', '.tar.bz2', '.tar.xz')
ARCHIVE_SUFFIXES = ('.zip', *TAR_SUFFIXES)
# Archives that Python cannot read.
FOREIGN_SUFFIXES = ('.rar', '.7z')
# What reading a damaged archive raises, depending on where the damage is.
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError)
# File systems and archivers leave these behind.
_LITTER = '__MACOSX'


class DamagedArchiveError(ValueError):
    """An archive, or a file in it, cannot be read."""


class RawFile:
    """A file of a download.

    Args:
        parts: Its folders, below the folder or archive that was named, and
            its name. An archive counts as a folder with the archive's name
            without its ending.
        size: Bytes.
        path: Where it is on the disk; None if it is in an archive.
        archive: The archive that it is in.
        member: Its name in the archive.

    Attributes:
        stem: The name without its ending.
        suffix: The ending, in lower case and with the dot.
    """

    def __init__(self,
                 parts: tuple[str, ...],
                 size: int,
                 path: Path | None = None,
                 archive: Archive | None = None,
                 member: str = '') -> None:
        self.parts = parts
        self.size = size
        self.path = path
        self.archive = archive
        self.member = member
        name = PurePosixPath(parts[-1])
        self.stem, self.suffix = name.stem, name.suffix.lower()

    @property
    def origin(self) -> str:
        """The file, as messages name it."""
        if self.archive is None:
            return str(self.path)
        return f'{self.archive.path}: {self.member}'

    def read(self) -> bytes:
        """The content, of a small file.

        Raises:
            DamagedArchiveError: The content cannot be read.
        """
        if self.archive is None:
            return self.path.read_bytes()
        return self.archive.read(self.member)

    def copy_to(self, target: Path, link: bool = True) -> None:
        """Put the content into a new file.

        Args:
            target: The file.
            link: Make a hard link where the file system can: takes no space.

        Raises:
            DamagedArchiveError: The content cannot be read.
        """
        if self.path is None:
            self.archive.copy(self.member, target)
            return
        if link:
            try:
                # resolved: of a symbolic link, the file is meant
                os.link(self.path.resolve(), target)
                return
            except OSError:
                pass  # another disk, or a file system without links
        shutil.copyfile(self.path, target)


class Archive:
    """A zip or tar file.

    Files of a zip are read one by one. A tar has to be read from its
    beginning to its end: :meth:`unpack` does it once for many files.

    Args:
        path: The archive.

    Raises:
        DamagedArchiveError: It cannot be read, is cut off or encrypted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        self._unpacked: dict[str, Path] = {}
        self.sizes: dict[str, int] = {}
        try:
            if path.suffix.lower() == '.zip':
                self._open_zip()
            else:
                for member in self._tar_members():
                    self.sizes[member.name] = member.size
        except DAMAGE as error:
            raise self._damaged(error) from None

    def files(self) -> Iterator[RawFile]:
        """The files in it, without unpacking them."""
        name = self.path.name
        suffix = max((s for s in ARCHIVE_SUFFIXES if name.lower().endswith(s)),
                     key=len)
        for member, size in sorted(self.sizes.items()):
            parts = PurePosixPath(member.replace('\\', '/')).parts
            if _is_wanted(parts):
                yield RawFile((name[:-len(suffix)], *parts),
                              size,
                              archive=self,
                              member=member)

    def unpack(self, members: Sequence[str], folder: Path) -> None:
        """Make files of a tar readable; of a zip they always are.

        Args:
            members: Names of the files.
            folder: An empty folder to put them into.
        """
        if self._zip is not None or not members:
            return
        folder.mkdir()
        wanted = set(members)
        try:
            for tar, member in self._tar():
                if member.name in wanted:
                    target = folder / str(len(self._unpacked))
                    with tar.extractfile(member) as source:
                        _write(source, target)
                    self._unpacked[member.name] = target
        except DAMAGE as error:
            raise self._damaged(error) from None

    def read(self, member: str) -> bytes:
        """The content of a file; slow for many files of a tar."""
        try:
            if self._zip is not None:
                return self._zip.read(member)
            for tar, found in self._tar():
                if found.name == member:
                    return tar.extractfile(found).read()
        except DAMAGE as error:
            raise self._damaged(error, member) from None
        raise KeyError(member)

    def copy(self, member: str, target: Path) -> None:
        """Put the content of a file into a new one; see :meth:`unpack`."""
        if self._zip is None:
            RawFile(('', ), 0, self._unpacked[member]).copy_to(target)
            return
        try:
            with self._zip.open(member) as source:
                _write(source, target)
        except DAMAGE as error:
            raise self._damaged(error, member) from None

    def close(self) -> None:
        """Close the file."""
        if self._zip is not None:
            self._zip.close()

    def _open_zip(self) -> None:
        self._zip = zipfile.ZipFile(self.path)
        for info in self._zip.infolist():
            if info.flag_bits & 1:
                raise DamagedArchiveError(
                    f'{self.path} is protected by a password; unpack it with '
                    "the authors' password and name the folder instead")
            if not info.is_dir():
                self.sizes[info.filename] = info.file_size

    def _tar(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        with tarfile.open(self.path) as tar:
            for member in tar:
                if member.isfile():
                    yield tar, member

    def _tar_members(self) -> Iterator[tarfile.TarInfo]:
        return (member for _, member in self._tar())

    def _damaged(self,
                 error: Exception,
                 member: str = '') -> DamagedArchiveError:
        place = f' (at {member})' if member else ''
        return DamagedArchiveError(
            f'{self.path} is damaged or cut off{place}, download it again: '
            f'{error}')


class RawFiles:
    """All files of a download.

    Args:
        sources: Folders and archives. Archives that lie directly in one of
            the folders are looked into as well.
        skip: A folder that is not looked into (unless it is a source): the
            one that is written.

    Raises:
        FileNotFoundError: A source does not exist.
        DamagedArchiveError: An archive cannot be read.
        ValueError: A source is neither a folder nor an archive.

    Attributes:
        files: The files; those of folders before those of archives.
        foreign: Archives in the folders that cannot be looked into.
        irregular: What is no regular file in the folders.
    """

    def __init__(self, sources: Sequence[Path], skip: Path) -> None:
        self.foreign: list[Path] = []
        self.irregular: list[Path] = []
        self._archives: list[Archive] = []
        self.files: list[RawFile] = []
        archives: list[Path] = []
        for source in sources:
            if source.is_dir():
                self.files += self._walk(source, skip, archives)
            elif not source.exists():
                raise FileNotFoundError(f'{source} does not exist')
            elif not source.is_file():
                raise ValueError(f'{source} is no regular file')
            else:
                archives.append(source)
        for path in archives:
            if not path.name.lower().endswith(ARCHIVE_SUFFIXES):
                raise ValueError(
                    f'{path} is neither a folder nor one of the archives '
                    f'{", ".join(ARCHIVE_SUFFIXES)}; unpack it and name the '
                    'folder instead')
            archive = Archive(path)
            self._archives.append(archive)
            self.files += archive.files()

    def unpack(self, files: Sequence[RawFile], folder: Path) -> None:
        """Make files of tar archives readable.

        Args:
            files: Those that will be copied.
            folder: An empty folder for them, needed until they are copied.

        Raises:
            DamagedArchiveError: An archive cannot be read.
        """
        for i, archive in enumerate(self._archives):
            archive.unpack([f.member for f in files if f.archive is archive],
                           folder / str(i))

    def close(self) -> None:
        """Close the archives."""
        for archive in self._archives:
            archive.close()

    def _walk(self, source: Path, skip: Path,
              archives: list[Path]) -> Iterator[RawFile]:
        # folders that are not entered: links may lead in circles
        left_out = {source.resolve()}
        if skip.resolve() != source.resolve():
            left_out.add(skip.resolve())
        for folder, folders, names in os.walk(source, followlinks=True):
            here = Path(folder)
            inner = {
                name: (here / name).resolve()
                for name in sorted(folders) if _is_wanted((name, ))
            }
            folders[:] = [n for n, f in inner.items() if f not in left_out]
            left_out.update(inner.values())
            for name in sorted(names):
                if not _is_wanted((name, )):
                    continue
                path = here / name
                if here == source and name.lower().endswith(ARCHIVE_SUFFIXES):
                    archives.append(path)
                elif here == source and path.suffix.lower(
                ) in FOREIGN_SUFFIXES:
                    self.foreign.append(path)
                elif not path.is_file():  # opening a pipe would wait for ever
                    self.irregular.append(path)
                else:
                    parts = (source.resolve().name,
                             *path.relative_to(source).parts)
                    yield RawFile(parts, path.stat().st_size, path)


def _is_wanted(parts: tuple[str, ...]) -> bool:
    return bool(parts) and not any(part == _LITTER or part.startswith('.')
                                   for part in parts)


def _write(source: IO[bytes], target: Path) -> None:
    with target.open('wb') as file:
        shutil.copyfileobj(source, file)
