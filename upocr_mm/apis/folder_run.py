from __future__ import annotations
import errno
import json
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from typing import Any, Callable, Iterator, NamedTuple, Sequence

from rich.console import Console
from rich.progress import (BarColumn, MofNCompleteColumn, Progress, TextColumn,
                           TimeRemainingColumn)

from ..utils import sentence_of
from .inferencer import UPOCRInferencer
from .picture import Picture, read_pictures
from .prediction import Prediction
from .sources import SourceFile

# Pictures that are read ahead, or batches that wait to be written.
AHEAD = 4
# Pictures that OpenVINO computes at the same time: the threads of one wait for
# each other, those of two pictures do not.
STREAMS = 2
# Threads beyond those that compute, which write meanwhile.
WRITING = 1
FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Outcome(NamedTuple):
    """What happened to a list of pictures.

    Attributes:
        done: Number of pictures that were predicted and written.
        skipped: Number of those that were there already.
        failed: Name and error of the others.
    """
    done: int
    skipped: int
    failed: list[tuple[str, str]]


class FolderRun:
    """Predict many pictures: reading and writing go on beside the model.

    As many batches are computed at the same time as the inferencer has
    streams.

    A picture that cannot be read or written is named at the end; the others
    are predicted. A full disk ends the run.

    Args:
        inferencer: The model.
        write: Writes a prediction; files appear whole or not at all.
        exists: Whether the results of a picture are there already, which is
            then skipped; None predicts all.
        batch_size: Pictures in one pass of the model.
        options: See :class:`~upocr_mm.apis.options.PredictOptions`.
        max_pixels: Largest number of pixels of a picture.
        json_lines: Open text file that gets a line of JSON for each picture.
        show_progress: Whether to show progress, rate and remaining time on
            the standard error output.
    """

    def __init__(self,
                 inferencer: UPOCRInferencer,
                 write: Callable[[Prediction, SourceFile], Any],
                 exists: Callable[[SourceFile], bool] | None,
                 batch_size: int,
                 options: dict[str, Any],
                 max_pixels: int,
                 json_lines: Any = None,
                 show_progress: bool = True) -> None:
        self.inferencer = inferencer
        self.write = write
        self.exists = exists
        self.batch_size = batch_size
        self.options = options
        self.max_pixels = max_pixels
        self.json_lines = json_lines
        self.show_progress = show_progress

    def __call__(self, sources: Sequence[SourceFile]) -> Outcome:
        """Predict the pictures.

        Args:
            sources: The pictures.

        Returns:
            What happened to them.

        Raises:
            OSError: The disk is full.
            ValueError: An option is not as described.
        """
        self.inferencer.check(**self.options)
        self._done = 0
        self._failed: list[tuple[str, str]] = []
        wanted = [s for s in sources if not (self.exists and self.exists(s))]
        columns = (TextColumn('{task.description}'), BarColumn(),
                   MofNCompleteColumn(), TextColumn('{task.fields[rate]}'),
                   TimeRemainingColumn())
        with Progress(
                *columns,
                console=Console(file=sys.stderr),
                disable=not self.show_progress) as progress:
            self._progress = progress
            self._bar = progress.add_task(
                'Pictures', total=len(wanted), rate='')
            self._run(wanted)
        return Outcome(self._done, len(sources) - len(wanted), self._failed)

    def _run(self, sources: Sequence[SourceFile]) -> None:
        streams = self.inferencer.num_streams
        # Some compute while others write.
        self._streams = Semaphore(streams)
        with (ThreadPoolExecutor(1) as
              reader, ThreadPoolExecutor(streams + WRITING) as workers):
            batch: list[tuple[Picture, SourceFile]] = []
            running: list[Future] = []
            try:
                for source, pages in self._read(reader, sources):
                    for page in pages:
                        batch.append((page, source))
                        if len(batch) == self.batch_size:
                            running.append(
                                workers.submit(self._predict, batch))
                            batch = []
                        while len(running) > AHEAD:
                            self._finish(running.pop(0))
                if batch:
                    running.append(workers.submit(self._predict, batch))
                for future in running:
                    self._finish(future)
            except BaseException:
                for pool in (reader, workers):
                    pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _read(
        self, pool: ThreadPoolExecutor, sources: Sequence[SourceFile]
    ) -> Iterator[tuple[SourceFile, list[Picture]]]:
        """The pages of each picture, read ahead."""

        def read(source: SourceFile) -> list[Picture]:
            name = None
            if isinstance(source.source, bytes):
                name = str(source.relative)
            return list(read_pictures(source.source, name, self.max_pixels))

        waiting = iter(sources)
        reading: list[tuple[SourceFile, Future]] = []
        while True:
            while len(reading) < AHEAD:
                source = next(waiting, None)
                if source is None:
                    break
                reading.append((source, pool.submit(read, source)))
            if not reading:
                return
            source, future = reading.pop(0)
            try:
                yield source, future.result()
            except (ValueError, OSError, MemoryError) as error:
                self._fail(source, error)

    def _predict(
        self, batch: list[tuple[Picture, SourceFile]]
    ) -> list[tuple[SourceFile, dict[str, Any] | Exception]]:
        """Compute and write pictures: their summaries, or what failed."""
        with self._streams:
            computed = self.inferencer.compute([page for page, _ in batch],
                                               **self.options)
        results: list[tuple[SourceFile, dict[str, Any] | Exception]] = []
        for finish, (_, source) in zip(computed, batch):
            try:
                prediction = finish()
                self.write(prediction, source)
                results.append((source, prediction.summary()))
            except OSError as error:
                if error.errno in FATAL:
                    raise
                results.append((source, error))
            except ValueError as error:  # a mask of another size
                results.append((source, error))
        return results

    def _finish(self, future: Future) -> None:
        """Wait until the pictures of a batch are written."""
        for source, result in future.result():
            if isinstance(result, Exception):
                self._fail(source, result)
                continue
            if self.json_lines is not None:
                print(json.dumps(result), file=self.json_lines, flush=True)
            self._done += 1
            self._advance()

    def _fail(self, source: SourceFile, error: Exception) -> None:
        self._failed.append((str(source.relative), sentence_of(error)))
        self._advance()

    def _advance(self) -> None:
        self._progress.advance(self._bar)
        speed = self._progress.tasks[self._bar].speed
        if speed:
            self._progress.update(self._bar, rate=f'{speed:.2f} pictures/s')
