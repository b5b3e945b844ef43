"""The same call for the model in PyTorch and for exported networks."""
from __future__ import annotations
from abc import ABC, abstractmethod
from contextlib import nullcontext
from threading import Lock
from typing import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from ..deploy import BaseSession
from ..models import UPOCR

TAMPERING = 'tampered_text_detection'
# Side of the reduced picture of test-time augmentation, as a part.
REDUCED = 0.75


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


class TTAPredictor(BasePredictor):
    """Test-time augmentation: the mean of several outputs.

    Of each picture and its mirror image; but for tampered text detection also
    of both at three quarters of their size, where letters that are too large
    to be seen as text are smaller. Outputs are clamped to [0, 1].

    Args:
        predictor: What computes each.
    """

    def __init__(self, predictor: BasePredictor) -> None:
        super().__init__(predictor.name, predictor.tasks)
        self.predictor = predictor

    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """See the base class."""
        whole = torch.from_numpy(images)
        outputs = self._both(whole, tasks)
        # Forgeries show in fine detail, which a reduced picture has lost.
        coarse = [task for task in tasks if task != TAMPERING]
        if coarse:
            size = whole.shape[-1]
            inner = round(REDUCED * size)
            before = (size - inner) // 2
            after = size - inner - before
            # Exported networks take one size: the border is continued. They
            # are loaded for `tasks`, others would take time.
            small = self._both(
                F.pad(
                    _resize(whole, inner), (before, after, before, after),
                    mode='replicate'), tasks)
            frame = slice(before, before + inner)
            for task in coarse:
                part = _resize(small[task][..., frame, frame], size)
                outputs[task] = (outputs[task] + part) / 2
        return {task: outputs[task].numpy() for task in tasks}

    def _both(self, images: torch.Tensor,
              tasks: Sequence[str]) -> dict[str, torch.Tensor]:
        """The mean of the outputs for pictures and their mirror images."""
        outputs = self.predictor(images.numpy(), tasks)
        flipped = self.predictor(images.flip(-1).numpy(), tasks)
        return {
            task: (torch.from_numpy(outputs[task]).clamp(0, 1) +
                   torch.from_numpy(flipped[task]).flip(-1).clamp(0, 1)) / 2
            for task in tasks
        }


def _resize(images: torch.Tensor, side: int) -> torch.Tensor:
    """Images (N, 3, H, W) at (N, 3, side, side), over all pixels."""
    return F.interpolate(images, (side, side), mode='bilinear', antialias=True)


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
