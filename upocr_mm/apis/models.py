"""Models where they run fastest."""
from __future__ import annotations
import contextlib
import importlib.util
import os
from pathlib import Path
from typing import Sequence

import torch
from mmengine.config import Config

from ..deploy import (BaseSession, export_onnx, hash_weights, load_model,
                      load_session)
from ..utils import reason_of
from .predictors import BasePredictor, SessionPredictor, TorchPredictor

BACKENDS = ('auto', 'torch', 'openvino', 'onnxruntime')
DTYPES = ('float32', 'bfloat16', 'float16')


def inference_size(config: Path) -> int:
    """Side of the square pictures that a configuration predicts.

    That of its ``test_pipeline``, or of the pipeline that is tested.
    """
    cfg = Config.fromfile(config, import_custom_modules=False)
    for step in cfg.get('test_pipeline', cfg.test_dataloader.dataset.pipeline):
        if step['type'] == 'PairedResize':
            return max(step['size'])
    return 512


def cache_folder() -> Path:
    """Where exported models are kept: ``UPOCR_CACHE``, or the user's cache."""
    if os.environ.get('UPOCR_CACHE'):
        return Path(os.environ['UPOCR_CACHE'])
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base, 'upocr_mm')


def choose_backend(backend: str, device: str) -> str:
    """What computes fastest on a device, of what is installed.

    Args:
        backend: One of :data:`BACKENDS`.
        device: A device of PyTorch.

    Raises:
        ValueError: There is no such backend, it does not know the device, or
            there is no such device.
    """
    if backend not in BACKENDS:
        raise ValueError(f'backend must be one of {BACKENDS}, but got '
                         f'{backend!r}')
    try:
        on_cpu = torch.device(device).type == 'cpu'
        if backend in ('auto', 'torch'):
            torch.empty(0, device=device)
    # AssertionError: PyTorch is built without its kind.
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f'the device {device!r} cannot be used: '
                         f'{reason_of(error)}') from None
    if backend == 'auto':
        runtimes = BACKENDS[2:] if on_cpu else ()
        # The export needs onnx.
        installed = [
            name for name in runtimes if all(
                importlib.util.find_spec(part) for part in (name, 'onnx'))
        ]
        return (installed or ['torch'])[0]
    if backend != 'torch' and not on_cpu:
        raise ValueError(f'backend={backend!r} runs on CPUs, but the device '
                         f"is {device!r}; use 'torch' or 'auto'")
    return backend


def load_predictor(config: Path,
                   weights: Path,
                   size: int,
                   device: str,
                   backend: str,
                   dtype: str,
                   num_threads: int | None,
                   num_streams: int = 1) -> tuple[dict, BasePredictor]:
    """Load a model where it computes.

    Networks for OpenVINO and ONNX Runtime are exported once, into
    :func:`cache_folder`, under the hash of their weights.

    Args:
        config: Path of the configuration.
        weights: Path of the checkpoint.
        size: Side of the pictures in pixels, a multiple of 32.
        device: A device of PyTorch.
        backend: ``'torch'``, ``'openvino'`` or ``'onnxruntime'``.
        dtype: One of :data:`DTYPES`.
        num_threads: Threads of a CPU; None leaves the choice to the backend.
        num_streams: Calls that OpenVINO computes at the same time.

    Returns:
        The codecs of the model, by task, and what predicts.

    Raises:
        ValueError: An argument is not as described, or the weights do not
            fit.
    """
    if dtype not in DTYPES:
        raise ValueError(f'dtype must be one of {DTYPES}, but got {dtype!r}')
    if dtype == 'float16' and backend != 'torch':
        raise ValueError(f"dtype='float16' needs the backend 'torch', but it "
                         f'is {backend!r}, which has float32 and bfloat16')
    model = load_model(config, weights)
    if backend == 'torch':
        if num_threads is not None:
            torch.set_num_threads(num_threads)
        return model.codecs, TorchPredictor(model.to(device), dtype)
    folder = cache_folder()
    digest = hash_weights(model.state_dict())
    file = folder / f'{config.stem}-{digest[:16]}-{size}.onnx'

    def load(tasks: Sequence[str]) -> BaseSession:
        openvino = dict(cache_dir=folder, num_streams=num_streams)
        session = load_session(
            file,
            backend,
            dtype,
            num_threads,
            tasks=tasks,
            input_size=(size, size),
            **(openvino if backend == 'openvino' else {}))
        if session.info.weights_sha256 != digest:
            raise ValueError(f'{file} holds other weights')
        return session

    if file.is_file():
        with contextlib.suppress(ValueError):  # damaged: export it again
            return model.codecs, SessionPredictor(load, model.tasks)
    export_onnx(model, file, (size, size), name=config.stem)
    return model.codecs, SessionPredictor(load, model.tasks)
