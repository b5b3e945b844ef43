from __future__ import annotations
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ..dependencies import require
from ..utils import reason_of
from .base_session import BaseSession
from .model_info import METADATA_KEY, ModelInfo


class OnnxRuntimeSession(BaseSession):
    """An exported network on ONNX Runtime, in float32.

    Args:
        file: ``*.onnx``.
        num_threads: Number of threads; by default ONNX Runtime decides.
        tasks: See :class:`BaseSession`.
        input_size: See :class:`BaseSession`.

    Raises:
        ImportError: ONNX Runtime is not installed.
        ValueError: The file is damaged, of another origin or does not have
            the tasks or the size.
    """
    runtime = 'onnxruntime'

    def __init__(self,
                 file: Path,
                 num_threads: int | None = None,
                 tasks: Sequence[str] | None = None,
                 input_size: tuple[int, int] | None = None) -> None:
        onnxruntime = require('onnxruntime', 'onnxruntime')
        options = onnxruntime.SessionOptions()
        if num_threads is not None:
            options.intra_op_num_threads = num_threads

        def start(network: str | bytes) -> Any:
            return onnxruntime.InferenceSession(
                network, options, providers=['CPUExecutionProvider'])

        try:
            self._session = start(str(file))
        # Its errors have no common type but this.
        except Exception as error:
            raise ValueError(
                f'{file} is damaged, cut off or not a network that ONNX '
                f'Runtime reads: {reason_of(error)}') from None
        metadata = self._session.get_modelmeta().custom_metadata_map
        info = ModelInfo.from_json(metadata.get(METADATA_KEY), str(file))
        super().__init__(str(file), info, tasks=tasks, input_size=input_size)
        if set(self.tasks) != set(info.tasks):
            self._session = None  # before the next one takes memory
            self._session = start(extract_tasks(file, self.tasks))

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        name = self._session.get_inputs()[0].name
        return self._session.run(list(self.tasks), {name: images})


def extract_tasks(file: Path, tasks: Sequence[str]) -> bytes:
    """The part of a network that some of its outputs need.

    ONNX Runtime itself computes all outputs, whatever is asked for.

    Args:
        file: The network, ``*.onnx``.
        tasks: The outputs.

    Returns:
        The content of a file with that part.
    """
    onnx = require('onnx', 'onnxruntime')
    network = onnx.load(str(file))
    inputs = [value.name for value in network.graph.input]
    extractor = require('onnx.utils', 'onnxruntime').Extractor(network)
    return extractor.extract_model(inputs, list(tasks)).SerializeToString()
