from __future__ import annotations
from abc import ABC, abstractmethod
from typing import Sequence

import numpy as np

from .model_info import ModelInfo


class BaseSession(ABC):
    """An exported network, ready to run on a CPU.

    Made by :func:`load_session`. It may be called from several threads; calls
    beyond ``num_streams`` wait for another to end.

    Args:
        filename: Name of the file, for messages.
        info: What the file says of itself.
        dtype: The type that it computes in.
        tasks: The tasks to compute; by default all of the file.
        input_size: The height and width that are wanted; by default those of
            the file.

    Raises:
        ValueError: The file does not have these tasks or this size.
    """
    runtime: str

    def __init__(self,
                 filename: str,
                 info: ModelInfo,
                 dtype: str = 'float32',
                 tasks: Sequence[str] | None = None,
                 input_size: tuple[int, int] | None = None) -> None:
        self.filename = filename
        self.info = info
        self.dtype = dtype
        if isinstance(tasks, str):
            raise ValueError(f'tasks must be a list of names, but got the '
                             f'string {tasks!r}')
        self.tasks = info.tasks if tasks is None else tuple(tasks)
        if (not self.tasks or len(set(self.tasks)) != len(self.tasks)
                or not set(self.tasks) <= set(info.tasks)):
            raise ValueError(
                f'{filename} was exported for the tasks {list(info.tasks)}, '
                f'tasks must be some of them, each once, but got '
                f'{list(self.tasks)}')
        if input_size not in (None, info.input_size, list(info.input_size)):
            raise ValueError(
                f'{filename} was exported for images of {info.input_size} '
                f'(height, width), but input_size is {input_size!r}')

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Compute the images of all tasks.

        Args:
            images: float32 array of shape (N, 3, H, W), RGB in [0, 1], of the
                number and size for which the file was exported.

        Returns:
            For each task a float32 array of shape (N, 3, H, W), RGB, about
            [0, 1] but not clamped.

        Raises:
            TypeError: ``images`` is not a NumPy array of float32.
            ValueError: Its shape or its values are not as described.
        """
        self._check(images)
        return dict(zip(self.tasks, self._run(np.ascontiguousarray(images))))

    @abstractmethod
    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        """One new array for each of the tasks."""

    def _check(self, images: np.ndarray) -> None:
        if not isinstance(images, np.ndarray) or images.dtype != np.float32:
            found = getattr(images, 'dtype', type(images).__name__)
            raise TypeError('images must be a NumPy array of float32, but '
                            f'got {found}')
        shape = (self.info.batch_size, 3, *self.info.input_size)
        if images.shape != shape:
            raise ValueError(
                f'images must have the shape {shape}, for which '
                f'{self.filename} was exported, but got {images.shape}')
        low, high = images.min(), images.max()
        if not np.isfinite([low, high]).all():
            raise ValueError('images must be finite, but some values are NaN '
                             'or infinite')
        if low < 0 or high > 1:
            raise ValueError('images must have values in [0, 1], but got '
                             f'values from {low:g} to {high:g}')
