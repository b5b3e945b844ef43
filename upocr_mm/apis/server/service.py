"""One model and one queue, which the page and the HTTP interface share."""
from __future__ import annotations
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..inferencer import UPOCRInferencer
from ..picture import Picture, Source, TooLargeError, read_pictures
from ..prediction import Prediction


class BusyError(RuntimeError):
    """Too many pictures wait already."""


class PredictionService:
    """Predicts one picture after the other, for many callers.

    A picture is decoded when its turn comes, so that those that wait take no
    memory but that of their files.

    Args:
        inferencer: The model.
        max_pixels: Largest number of pixels of a picture, all pages together.
        max_waiting: Pictures that may wait; further ones are refused.
    """

    def __init__(self,
                 inferencer: UPOCRInferencer,
                 max_pixels: int = 50_000_000,
                 max_waiting: int = 16) -> None:
        self.inferencer = inferencer
        self.max_pixels = max_pixels
        self.max_waiting = max_waiting
        self._worker = ThreadPoolExecutor(1, 'upocr')
        self._lock = threading.Lock()
        self._pending = 0

    @property
    def waiting(self) -> int:
        """Pictures that wait or are being predicted."""
        return self._pending

    def predict(self, source: Source, name: str,
                **options: Any) -> list[Prediction]:
        """Predict the pages of a picture when its turn comes.

        Args:
            source: The picture, see
                :func:`~upocr_mm.apis.picture.read_pictures`.
            name: Its name, for messages.
            **options: See :class:`~upocr_mm.apis.options.PredictOptions`.

        Returns:
            What was found in each page.

        Raises:
            BusyError: Too many pictures wait.
            UnreadableError: It is no picture, damaged or too large.
            ValueError: An option is not as described.
        """
        self.inferencer.check(**options)
        with self._lock:
            if self._pending > self.max_waiting:
                raise BusyError(f'{self.max_waiting} pictures wait already; '
                                'try again later')
            self._pending += 1
        try:
            return self._worker.submit(self._predict, source, name,
                                       options).result()
        finally:
            with self._lock:
                self._pending -= 1

    def _predict(self, source: Source, name: str,
                 options: dict[str, Any]) -> list[Prediction]:
        return [
            prediction for page in self._read(source, name)
            for prediction in self.inferencer.predict([page], **options)
        ]

    def _read(self, source: Source, name: str) -> list[Picture]:
        pages = []
        for page in read_pictures(source, name, self.max_pixels):
            height, width = page.size
            if height * width * page.num_pages > self.max_pixels:
                raise TooLargeError(
                    f'{name} has {page.num_pages} pages of {width} x {height} '
                    f'pixels, allowed are at most {self.max_pixels} in all')
            pages.append(page)
        return pages

    def close(self) -> None:
        """End when the present picture is done; those that wait are lost."""
        self._worker.shutdown(wait=True, cancel_futures=True)
