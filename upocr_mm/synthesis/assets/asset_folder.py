from __future__ import annotations
import contextlib
import csv
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Sequence

from ...utils import written_whole

RECORD = 'package.json'
# Beside it, of Debian packages.
COPYRIGHT = 'copyright'


class AssetFolder:
    """A folder with a subfolder for each package that files were taken from.

    A subfolder appears when it is complete: with its files, a table of them
    and a record of how they were made. The tables of all subfolders stand in
    one at the top, with the names of the packages.

    Args:
        root: The folder.
        table: Name of the tables, such as ``sources.csv``.
        columns: Columns of the tables, ``file`` and ``package`` among them.

    """

    def __init__(self, root: Path, table: str, columns: Sequence[str]) -> None:
        self.root = root
        self._table = table
        self._columns = list(columns)

    def prepare(self) -> None:
        """Make the folder, and remove what killed runs left in it.

        Raises:
            OSError: It cannot be made or written into.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.root):
            pass  # an error now instead of after the downloads
        for folder in self.root.glob('.partial-*'):
            shutil.rmtree(folder, ignore_errors=True)

    def record(self, package: str) -> dict | None:
        """How the files of a package were made; None if that is unknown."""
        try:
            text = (self.root / package / RECORD).read_text(encoding='utf-8')
            return json.loads(text)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None

    @contextlib.contextmanager
    def replaced(self, package: str,
                 record: dict) -> Iterator[tuple[Path, list[dict]]]:
        """Make the files of a package, in place of those of before.

        Args:
            package: Its name.
            record: What to remember; may be completed inside.

        Yields:
            An empty folder for the files, and a list for their rows, whose
            ``file`` is the name in the folder.

        Raises:
            FileExistsError: There is a subfolder of this name that was not
                made by this class, or holds other files too.
        """
        target = self.root / package
        if target.exists() and self.record(package) is None:
            raise FileExistsError(
                f'"{target}" exists and was not made by this tool (it has no '
                f'{RECORD}); choose another folder')
        foreign = self._foreign_files(target)
        if foreign:
            raise FileExistsError(
                f'"{target}" holds {len(foreign)} file(s) that this tool has '
                f'not made, as {foreign[0]}; move them away')
        with tempfile.TemporaryDirectory(
                prefix='.partial-', dir=self.root) as folder:
            new, rows = Path(folder, 'new'), []
            new.mkdir()
            yield new, rows
            self._write(new / self._table, [{
                **row, 'package': package,
                'file': f'{package}/{row["file"]}'
            } for row in rows])
            (new / RECORD).write_text(
                json.dumps(record, indent=1) + '\n', encoding='utf-8')
            if target.exists():
                os.replace(target, Path(folder, 'old'))
            os.replace(new, target)
        self.merge()

    def merge(self) -> int:
        """Write the table of all packages; the number of its rows."""
        rows = []
        for file in sorted(self.root.glob(f'*/{self._table}')):
            with file.open(encoding='utf-8', newline='') as lines:
                rows += csv.DictReader(lines)
        path = self.root / self._table
        with written_whole(path) as folder:
            self._write(folder / path.name, rows)
        return len(rows)

    def _foreign_files(self, target: Path) -> list[str]:
        """What the subfolder of a package holds besides its own."""
        own = {self._table, RECORD, COPYRIGHT}
        with contextlib.suppress(FileNotFoundError):
            with (target / self._table).open(
                    encoding='utf-8', newline='') as lines:
                own.update(row['file'].partition('/')[2]
                           for row in csv.DictReader(lines) if row.get('file'))
        files = {
            path.relative_to(target).as_posix()
            for path in target.rglob('*') if not path.is_dir()
        }
        return sorted(files - own)

    def _write(self, path: Path, rows: list[dict]) -> None:
        with path.open('w', encoding='utf-8', newline='') as lines:
            writer = csv.DictWriter(lines, self._columns)
            writer.writeheader()
            writer.writerows(rows)
