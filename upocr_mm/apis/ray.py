"""Inference on several machines, as a stage of Ray Data."""
from __future__ import annotations
import io
import json
import os
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from .inferencer import UPOCRInferencer
from .picture import read_pictures
from .saving import result_images, save_prediction, write_image


class RayPredictor:
    """An actor of ``ray.data.Dataset.map_batches``, which holds the model.

    Example:
        >>> import ray
        >>> from upocr_mm.apis.ray import RayPredictor
        >>> pictures = ray.data.read_binary_files(
        ...     'pictures', include_paths=True)
        >>> results = pictures.map_batches(
        ...     RayPredictor,
        ...     fn_constructor_kwargs=dict(
        ...         inferencer=dict(model='upocr_swinv2-n'),
        ...         root='pictures', out_dir='results'),
        ...     batch_size=8, concurrency=4, num_cpus=2)
        >>> results.drop_columns(['bytes']).write_json('summaries')

    A batch has the columns ``path``, or ``bytes``, or both, as
    ``ray.data.read_binary_files`` makes them. It comes back with further
    columns: ``summary``, a list of what was found in each page, as JSON;
    ``error``, why a picture could not be read, or an empty string; and one
    for each of ``images``, PNG files as bytes (of the first page).

    Args:
        inferencer: Arguments of
            :class:`~upocr_mm.apis.inferencer.UPOCRInferencer`.
        options: Fields of :class:`~upocr_mm.apis.options.PredictOptions`.
        images: Names of results to return: ``'text_free'``, ``'text_mask'``,
            ``'removal_mask'``, ``'strokes'``, ``'tampered'``, ``'classes'``.
        out_dir: Folder that all machines share, for the results as files.
        root: Folder below which the files of ``out_dir`` repeat the paths;
            by default only their names are kept.

    Raises:
        ValueError: Results would lie among the pictures.
    """

    def __init__(self,
                 inferencer: dict[str, Any],
                 options: dict[str, Any] | None = None,
                 images: Sequence[str] = (),
                 out_dir: str | None = None,
                 root: str | None = None) -> None:
        self.inferencer = UPOCRInferencer(
            **dict(dict(show_progress=False), **inferencer))
        self.options = options or {}
        self.images = tuple(images)
        self.out_dir = None if out_dir is None else Path(out_dir)
        self.root = root
        if out_dir and root and os.path.realpath(out_dir) == (
                os.path.realpath(root)):
            raise ValueError(f'out_dir {out_dir} is the folder of the '
                             'pictures; name another one')

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        """Predict a batch.

        Args:
            batch: Its columns.

        Returns:
            These and the new ones.

        Raises:
            ValueError: There is neither ``path`` nor ``bytes``.
        """
        if 'path' not in batch and 'bytes' not in batch:
            raise ValueError("a batch needs the column 'path' or 'bytes', but "
                             f'has {sorted(batch)}')
        number = len(next(iter(batch.values())))
        rows = [self._predict(batch, i) for i in range(number)]
        # Objects, as NumPy would cut bytes off at trailing zeros.
        new = {
            name: np.array([row[name]
                            for row in rows] + [None], dtype=object)[:-1]
            for name in rows[0]
        } if rows else {}
        return {**batch, **new}

    def _predict(self, batch: dict[str, np.ndarray], i: int) -> dict[str, Any]:
        path = str(batch['path'][i]) if 'path' in batch else f'{i:06d}.png'
        row: dict[str, Any] = dict(summary='[]', error='')
        row.update({name: b'' for name in self.images})
        source = bytes(batch['bytes'][i]) if 'bytes' in batch else path
        try:
            predictions = []
            for page in read_pictures(source, name=path):
                predictions += self.inferencer.predict([page], **self.options)
        except (ValueError, OSError) as error:
            return dict(row, error=str(error))
        row['summary'] = json.dumps([p.summary() for p in predictions])
        if self.images:
            found = result_images(predictions[0])
            for name in self.images:
                stream = io.BytesIO()
                write_image(found[name], stream, '.png', {}, 100)
                row[name] = stream.getvalue()
        if self.out_dir is not None:
            relative = Path(path).name if self.root is None else (
                os.path.relpath(path, self.root))
            for prediction in predictions:
                save_prediction(prediction, self.out_dir, Path(relative))
        return row
