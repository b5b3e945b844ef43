"""Models by name: our metafiles, weights, and where they run fastest."""
from __future__ import annotations
import contextlib
import hashlib
import importlib.util
import os
import re
from pathlib import Path
from typing import Any, Sequence

import torch
from mmengine.config import Config
from mmengine.fileio import load

from ..deploy import (BaseSession, export_onnx, hash_weights, load_model,
                      load_session)
from .predictors import BasePredictor, SessionPredictor, TorchPredictor

PACKAGE = Path(__file__).resolve().parents[1]
BACKENDS = ('auto', 'torch', 'openvino', 'onnxruntime')
COLLECTIONS = ('UPOCR', 'ViTEraser')
DTYPES = ('float32', 'bfloat16', 'float16')


def config_root() -> Path:
    """The folder with ``configs`` and ``model-index.yml``.

    That of a clone, or ``.mim`` of an installed package.
    """
    clone = PACKAGE.parent
    return clone if (clone / 'model-index.yml').is_file() else (PACKAGE /
                                                                '.mim')


def list_models(pattern: str = '.*') -> list[dict[str, Any]]:
    """Entries of the model index that predict pictures: UPOCR, ViTEraser.

    Args:
        pattern: Regular expression that the name or an alias begins with.

    Returns:
        The entries (without the baselines of MMSegmentation), whose
        ``Config`` is an absolute path; ``Weights`` is there if weights
        come with the package, with ``SHA256`` among the metadata.
    """
    root = config_root()
    entries = []
    for file in load(root / 'model-index.yml')['Import']:
        for entry in load(root / file).get('Models') or []:
            if entry['In Collection'] in COLLECTIONS and any(
                    re.match(pattern, name) for name in names_of(entry)):
                entries.append(dict(entry, Config=str(root / entry['Config'])))
    return entries


def names_of(entry: dict[str, Any]) -> list[str]:
    """Name and aliases of an entry of the model index."""
    alias = entry.get('Alias', [])
    return [entry['Name'], *([alias] if isinstance(alias, str) else alias)]


def find_model(model: str | Path,
               weights: str | Path | None) -> tuple[Path, Path]:
    """Configuration and weights of a model.

    Args:
        model: Path of a configuration, or a name or alias of the index.
        weights: Path of a checkpoint; by default that of the index.

    Returns:
        Their paths.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: There is no such model, no weights are known, or those
            of the package are damaged.
    """
    entries = list_models()
    config = Path(model)
    entry: dict[str, Any] = {}
    if not config.is_file():
        if config.suffix == '.py':
            raise FileNotFoundError(f'the configuration {model} does not '
                                    'exist')
        found = [e for e in entries if str(model) in names_of(e)]
        if not found:
            raise ValueError(f'there is no model {str(model)!r}; '
                             '`upocr models` lists them')
        entry, = found[:1]
        config = Path(entry['Config'])
    if weights is None:
        weights = entry.get('Weights')
        if weights is None:
            raise ValueError(
                f'no weights come with the model {str(model)!r}; name a '
                'checkpoint (weights, --weights) of a training, or one of '
                'tools/model_converters/upocr2mm.py')
        weights = config_root() / weights
        _check_hash(weights, entry)
    if not Path(weights).is_file():
        raise FileNotFoundError(f'the checkpoint {weights} does not exist')
    return config, Path(weights)


def _check_hash(file: Path, entry: dict[str, Any]) -> None:
    """Refuse weights of the package that are not those of the index.

    Raises:
        FileNotFoundError: They are not there.
        ValueError: They were altered or exchanged.
    """
    again = 'install the package again, or name a checkpoint'
    if not file.is_file():
        raise FileNotFoundError(
            f'{file}, the weights that come with the package, do not exist; '
            f'{again}')
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    expected = entry['Metadata']['SHA256']
    if digest != expected:
        raise ValueError(f'{file} is damaged or was exchanged: its SHA-256 is '
                         f'{digest}, but must be {expected}; {again}')


def training_size(config: Path) -> int:
    """Side of the square pictures that a configuration trains with."""
    cfg = Config.fromfile(config, import_custom_modules=False)
    for step in cfg.test_dataloader.dataset.pipeline:
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
        ValueError: There is no such backend, or it does not know the device.
    """
    if backend not in BACKENDS:
        raise ValueError(f'backend must be one of {BACKENDS}, but got '
                         f'{backend!r}')
    on_cpu = torch.device(device).type == 'cpu'
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
