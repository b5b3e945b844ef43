from __future__ import annotations
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Iterable, Sequence

from ..prediction import Prediction
from ..saving import save_prediction


def results_archive(
        results: Iterable[tuple[Path, Sequence[Prediction]]]) -> bytes:
    """All results of some pictures as a ZIP file.

    Args:
        results: For each picture its path within the archive, and its pages.

    Returns:
        The content of the file: what :func:`save_prediction` writes.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for relative, predictions in results:
            with tempfile.TemporaryDirectory() as folder:
                for prediction in predictions:
                    for file in save_prediction(prediction, Path(folder),
                                                relative):
                        archive.write(file, file.relative_to(folder))
    return stream.getvalue()
