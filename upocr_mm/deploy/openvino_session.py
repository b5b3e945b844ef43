from __future__ import annotations
import queue
from functools import lru_cache
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ..dependencies import require
from ..utils import reason_of
from .base_session import BaseSession
from .model_info import METADATA_KEY, ModelInfo

EXTRA = 'openvino'
# OpenVINO's names of what it computes in, and what a CPU must be able to do.
PRECISIONS = dict(float32='f32', bfloat16='bf16')
CAPABILITIES = dict(float32='FP32', bfloat16='BF16')


class OpenVINOSession(BaseSession):
    """An exported network on OpenVINO.

    Args:
        file: ``*.onnx``, or ``*.xml`` with its ``*.bin`` beside it.
        dtype: ``'float32'`` or ``'bfloat16'``; of quantized networks that of
            the layers that are not quantized.
        num_threads: Number of threads; by default OpenVINO decides.
        tasks: See :class:`BaseSession`.
        input_size: See :class:`BaseSession`.
        cache_dir: Folder in which OpenVINO keeps compiled networks, so that
            the next session of the same file starts sooner. It is made.
        num_streams: Calls from several threads that are computed at the same
            time, each by its part of the threads.

    Raises:
        ImportError: OpenVINO is not installed.
        ValueError: The file is damaged, of another origin or does not have
            the tasks or the size, or the CPU does not know ``dtype``.
    """
    runtime = 'openvino'

    def __init__(self,
                 file: Path,
                 dtype: str = 'float32',
                 num_threads: int | None = None,
                 tasks: Sequence[str] | None = None,
                 input_size: tuple[int, int] | None = None,
                 cache_dir: str | Path | None = None,
                 num_streams: int = 1) -> None:
        openvino, core = require('openvino', EXTRA), shared_core()
        known = core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
        if CAPABILITIES[dtype] not in known:
            raise ValueError(
                f'dtype={dtype!r} needs a CPU with AVX-512 BF16 or AMX; this '
                f'one computes in {", ".join(known)}')
        model = read_model(file)
        super().__init__(
            str(file), read_info(model, file), dtype, tasks, input_size)
        if self.tasks != self.info.tasks:
            outputs = [model.output(task) for task in self.tasks]
            model = openvino.Model(outputs, model.get_parameters())
        options: dict[str, Any] = dict(
            PERFORMANCE_HINT='LATENCY',
            # A pinned thread waits for its core when others use it: as fast
            # on an idle machine, faster on a shared one.
            ENABLE_CPU_PINNING='NO',
            INFERENCE_PRECISION_HINT=PRECISIONS[dtype])
        if num_threads is not None:
            options['INFERENCE_NUM_THREADS'] = num_threads
        if num_streams > 1:
            options['NUM_STREAMS'] = str(num_streams)
        if cache_dir is not None:
            options['CACHE_DIR'] = str(cache_dir)
        compiled = core.compile_model(model, 'CPU', options)
        self._requests: queue.SimpleQueue = queue.SimpleQueue()
        for _ in range(num_streams):
            self._requests.put(compiled.create_infer_request())

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        request = self._requests.get()
        try:
            request.infer([images], share_inputs=True)
            # Copies: the next call writes into the same memory.
            return [
                np.array(request.get_tensor(task).data) for task in self.tasks
            ]
        finally:
            self._requests.put(request)


@lru_cache(maxsize=None)
def shared_core() -> Any:
    """The ``openvino.Core`` of this process, which is never destroyed.

    Each gives the thread a signal stack of its own. Destroyed in another order
    than made, they leave one that is freed, and the next signal (the end of a
    worker of a data loader) kills the process.

    Raises:
        ImportError: OpenVINO is not installed.
    """
    openvino = require('openvino', EXTRA)
    core = openvino.Core()
    core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')  # loads its plugin
    # Its bindings look NumPy up at their first array. Two threads that do so
    # at once wait for each other for ever, with the lock of the interpreter.
    openvino.Tensor(np.zeros(1, np.float32)).data  # noqa: B018
    return core


def read_model(file: Path) -> Any:
    """Read a file as an ``openvino.Model``.

    Raises:
        ImportError: OpenVINO is not installed.
        ValueError: The file is damaged.
    """
    core = shared_core()
    try:
        return core.read_model(str(file))
    except RuntimeError as error:
        raise ValueError(f'{file} is damaged, cut off or not a network that '
                         f'OpenVINO reads: {reason_of(error)}') from None


def read_info(model: Any, file: Path) -> ModelInfo:
    """What a file that was read by OpenVINO says of itself.

    Raises:
        ValueError: It says nothing, or something unknown.
    """
    # OpenVINO puts the metadata of ONNX files there.
    for path in ([METADATA_KEY], ['framework', METADATA_KEY]):
        if model.has_rt_info(path):
            text = model.get_rt_info(path).astype(str)
            return ModelInfo.from_json(text, str(file))
    return ModelInfo.from_json(None, str(file))
