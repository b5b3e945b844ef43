from __future__ import annotations
import contextlib
import copy
import inspect
import warnings
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

import numpy as np
import torch
import torch.nn as nn

from ..dependencies import require
from ..models import UPOCR
from ..utils import written_whole
from .fold import fold_lateral_connections
from .load_session import load_session
from .model_info import METADATA_KEY, ModelInfo, hash_weights

INPUT = 'images'
SDPA = 'aten::scaled_dot_product_attention'
# LayerNormalization needs 17; later ones than 20 the exporter does not know.
OPSETS = range(17, 21)
# A quarter of a step of 8-bit images.
TOLERANCE = 1e-3


class Exported(NamedTuple):
    """What :func:`export_onnx` has done.

    Attributes:
        info: What the file says of itself.
        max_difference: For each task the largest absolute difference between
            the outputs of the file and those of PyTorch.
        runtime: What ran the file for that.
    """
    info: ModelInfo
    max_difference: dict[str, float]
    runtime: str


class TaskGraph(nn.Module):
    """One pass of the encoder, and one of the decoder for each task.

    Decoding the tasks as one batch gives the same outputs; one after the
    other is a little faster on CPUs, and needs less memory.

    Args:
        model: The model.
        tasks: Some of its tasks.
    """

    def __init__(self, model: UPOCR, tasks: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.tasks = tuple(tasks)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Images (N, 3, H, W), RGB in [0, 1], to one output per task.

        H and W must be multiples of the largest stride.
        """
        model, feats, outputs = self.model, None, []
        for task in self.tasks:
            prompts = model.task_prompt([task])
            if feats is None or prompts.encoder is not None:
                feats = model.extract_feat(images, prompts.encoder)
            *shortcuts, last = feats
            if prompts.shared is not None:
                last = last + prompts.shared[:, :, None, None]
            outputs.append(
                model.decode_head([*shortcuts, last], prompts.decoder)[-1])
        return tuple(outputs)


def export_onnx(model: UPOCR,
                file: str | Path,
                size: tuple[int, int],
                tasks: Sequence[str] | None = None,
                batch_size: int = 1,
                name: str = '',
                opset: int = 17,
                tolerance: float = TOLERANCE) -> Exported:
    """Export a model to ONNX, and compare the outputs of the file.

    The file takes float32 RGB images in [0, 1] of shape (N, 3, H, W) under
    the name ``images`` and has one output per task, under the name of the
    task: float32 RGB images of shape (N, 3, H, W), about [0, 1] but not
    clamped, as ``predict_tasks`` gives them. Its metadata hold a
    :class:`ModelInfo`. It appears when all of this is done, and not at all
    where the outputs differ.

    Args:
        model: The model, on the CPU in float32.
        file: The file to write, ``*.onnx``.
        size: Height and width of the images; multiples of 32, the largest
            stride.
        tasks: Some of the tasks of the model; all by default.
        batch_size: Number of images, which the file takes and no other.
        name: Name of the configuration, for the metadata.
        opset: Version of ONNX's operators, 17 to 20.
        tolerance: Largest absolute difference to the outputs of PyTorch.

    Returns:
        What was written, and how its outputs compare.

    Raises:
        ImportError: ``onnx`` is not installed, or no runtime.
        ValueError: An argument is not as described, or the outputs differ by
            more than ``tolerance``.
    """
    file = Path(file)
    tasks = _checked(model, file, size, tasks, batch_size, opset)
    require('onnx', 'onnxruntime')
    info = ModelInfo(
        name=name,
        tasks=tasks,
        input_size=tuple(size),
        batch_size=batch_size,
        precision='float32',
        task_meta=model.task_meta,
        weights_sha256=hash_weights(model.state_dict()))
    model = copy.deepcopy(model).eval()
    folded = copy.deepcopy(model)
    fold_lateral_connections(folded)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 3, *size, generator=generator)
    with written_whole(file) as folder:
        part = folder / file.name
        _export(TaskGraph(folded, tasks), images, part, opset)
        _add_metadata(part, info)
        session = load_session(part)
        outputs = session(images.numpy())
        expected = model.predict_tasks(images, tasks)
        difference = {
            task: float(np.abs(outputs[task] - image.numpy()).max())
            for task, image in zip(tasks, expected)
        }
        # also false for NaN
        if not all(value <= tolerance for value in difference.values()):
            raise ValueError(
                f'{file} was not written: its outputs, run by '
                f'{session.runtime}, differ from those of PyTorch by '
                f'{max(difference.values()):.1e}, more than the tolerance of '
                f'{tolerance:g}')
    return Exported(info, difference, session.runtime)


def _checked(model: UPOCR, file: Path, size: tuple[int, int],
             tasks: Sequence[str] | None, batch_size: int,
             opset: int) -> tuple[str, ...]:
    """Check the arguments of :func:`export_onnx`; the tasks."""
    if isinstance(tasks, str):
        raise ValueError(f'tasks must be a list of names, but got the string '
                         f'{tasks!r}')
    tasks = model.tasks if tasks is None else tuple(tasks)
    if (not tasks or len(set(tasks)) != len(tasks)
            or not set(tasks) <= set(model.tasks)):
        raise ValueError(f'tasks must be some of {list(model.tasks)}, each '
                         f'once, but got {list(tasks)}')
    stride = model.decode_head.in_strides[-1]
    if len(size) != 2 or any(side < stride or side % stride for side in size):
        raise ValueError(f'size must be a height and a width, multiples of '
                         f'{stride}, but got {tuple(size)}')
    if batch_size < 1:
        raise ValueError(f'batch_size must be at least 1, but got '
                         f'{batch_size}')
    if opset not in OPSETS:
        raise ValueError(f'opset must be from {OPSETS[0]} to {OPSETS[-1]}, '
                         f'but got {opset}')
    if file.suffix != '.onnx':
        raise ValueError(f"the file must end in '.onnx', but got {file}")
    return tasks


@torch.no_grad()
def _export(graph: TaskGraph, images: torch.Tensor, file: Path,
            opset: int) -> None:
    """Trace the graph for images of this shape, and write it."""
    options = {}
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        # The tracing exporter is the one that both stacks have; the other
        # needs a further package.
        options['dynamo'] = False
    with _tracing(opset):
        torch.onnx.export(
            graph.eval(), (images, ),
            str(file),
            opset_version=opset,
            input_names=[INPUT],
            output_names=list(graph.tasks),
            **options)


@contextlib.contextmanager
def _tracing(opset: int) -> Iterator[None]:
    """Settings of the exporter, which are global in PyTorch."""
    torch.onnx.register_custom_op_symbolic(SDPA, _attention, opset)
    try:
        with warnings.catch_warnings():
            # That sizes become constants, which is wanted, and that this
            # exporter is the older one.
            warnings.simplefilter('ignore')
            yield
    finally:
        torch.onnx.unregister_custom_op_symbolic(SDPA, opset)


def _attention(g: Any, q: Any, k: Any, v: Any, mask: Any, *settings:
               Any) -> Any:
    """Attention of ``ShiftWindowAttention``, without dropout, in ONNX.

    It has a mask and a scale of 1, which PyTorch 2.1 cannot export.
    """
    logits = g.op('MatMul', q, g.op('Transpose', k, perm_i=[0, 1, 3, 2]))
    weights = g.op('Softmax', g.op('Add', logits, mask), axis_i=-1)
    return g.op('MatMul', weights, v)


def _add_metadata(file: Path, info: ModelInfo) -> None:
    onnx = require('onnx', 'onnxruntime')
    proto = onnx.load(str(file))
    onnx.helper.set_model_props(proto, {METADATA_KEY: info.to_json()})
    onnx.save(proto, str(file))
