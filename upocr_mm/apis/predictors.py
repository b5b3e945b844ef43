"""The same call for the model in PyTorch and for exported networks."""
from __future__ import annotations
from abc import ABC, abstractmethod
from contextlib import nullcontext
from threading import Lock
from typing import Callable, Sequence

import numpy as np
import torch

from ..deploy import BaseSession
from ..models import UPOCR


class BasePredictor(ABC):
    """Images in, images of several tasks out.

    Args:
        name: What computes, for the user.
        tasks: The tasks that it knows.
    """

    def __init__(self, name: str, tasks: Sequence[str]) -> None:
        self.name = name
        self.tasks = tuple(tasks)

    @abstractmethod
    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """Predict in one pass of the encoder.

        Args:
            images: float32 array (N, 3, S, S), RGB in [0, 1].
            tasks: Some of :attr:`tasks`.

        Returns:
            For each task a float32 array (N, 3, S, S), RGB, not clamped.
        """


class TorchPredictor(BasePredictor):
    """The model in PyTorch.

    Args:
        model: The model, in evaluation mode, on its device.
        dtype: ``'float32'``, ``'bfloat16'`` or ``'float16'``.
    """

    def __init__(self, model: UPOCR, dtype: str) -> None:
        self.device = next(model.parameters()).device
        super().__init__(f'PyTorch on {self.device} in {dtype}', model.tasks)
        self.model = model
        self.dtype = dtype

    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """See the base class."""
        context = nullcontext()
        if self.dtype != 'float32':
            context = torch.autocast(self.device.type,
                                     getattr(torch, self.dtype))
        with context:
            outputs = self.model.predict_tasks(
                torch.from_numpy(images).to(self.device), tasks)
        return {
            task: output.cpu().numpy()
            for task, output in zip(tasks, outputs)
        }


class FlipPredictor(BasePredictor):
    """The mean of the outputs for pictures and for their mirror images.

    Test-time augmentation, as :class:`~upocr_mm.models.UPOCRTTAModel` with a
    horizontal flip. Outputs are clamped to [0, 1].

    Args:
        predictor: What computes both.
    """

    def __init__(self, predictor: BasePredictor) -> None:
        super().__init__(predictor.name, predictor.tasks)
        self.predictor = predictor

    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """See the base class."""
        outputs = self.predictor(images, tasks)
        flipped = self.predictor(
            np.ascontiguousarray(images[..., ::-1]), tasks)
        # As colors: a value far outside must not outvote the other.
        return {
            task: (output.clip(0, 1) + flipped[task][..., ::-1].clip(0, 1)) / 2
            for task, output in outputs.items()
        }


class SessionPredictor(BasePredictor):
    """An exported network for one image at a time.

    Args:
        load: Loads the network for some tasks.
        tasks: The tasks of the file.
    """

    def __init__(self, load: Callable[[Sequence[str]], BaseSession],
                 tasks: Sequence[str]) -> None:
        self._load = load
        self._sessions: dict[tuple[str, ...], BaseSession] = {}
        self._lock = Lock()
        session = self._session(tasks)
        super().__init__(f'{session.runtime} in {session.dtype}', tasks)

    def _session(self, tasks: Sequence[str]) -> BaseSession:
        """The network for these tasks; others would take time."""
        key = tuple(sorted(tasks))
        with self._lock:  # once, also if several threads ask
            if key not in self._sessions:
                self._sessions[key] = self._load(key)
            return self._sessions[key]

    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """See the base class."""
        session = self._session(tasks)
        outputs = [session(images[i:i + 1]) for i in range(len(images))]
        return {
            task: np.concatenate([output[task] for output in outputs])
            for task in tasks
        }
