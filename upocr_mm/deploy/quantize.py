from __future__ import annotations
import dataclasses
import logging
import os
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from ..dependencies import require
from ..utils import written_whole
from .base_session import BaseSession
from .load_session import load_session
from .model_info import METADATA_KEY, ModelInfo
from .openvino_session import read_model, shared_core

# Of every so many pictures one is left to compare the outputs on.
CHECK_EVERY = 4
MIN_PSNR = 35.


class Quantized(NamedTuple):
    """What :func:`quantize_int8` has done.

    Attributes:
        info: What the file says of itself.
        psnr: For each task the PSNR in dB between the outputs of the file and
            those in float32, of pictures that were not used to calibrate.
    """
    info: ModelInfo
    psnr: dict[str, float]


def quantize_int8(onnx_file: str | Path,
                  file: str | Path,
                  images: np.ndarray,
                  min_psnr: float = MIN_PSNR) -> Quantized:
    """Quantize an exported network to 8 bits, for OpenVINO.

    Weights and activations of the linear layers and convolutions become
    8-bit integers, by ranges that are measured on pictures (post-training
    quantization by NNCF). The files appear when all of this is done, and not
    at all where the outputs are too far from those in float32.

    Args:
        onnx_file: A file of :func:`export_onnx`.
        file: The file to write, ``*.xml``; the weights go to a ``*.bin``
            beside it.
        images: Pictures like those that it will see: float32 RGB in [0, 1],
            shape (M, 3, H, W) of the exported size, M at least 4 times the
            batch size. A quarter of them is kept to compare the outputs on.
        min_psnr: Lowest PSNR to the outputs in float32, in dB, of every task.

    Returns:
        What was written, and how its outputs compare.

    Raises:
        ImportError: ``nncf`` or ``openvino`` is not installed.
        ValueError: An argument is not as described, or the PSNR of a task is
            below ``min_psnr``.
    """
    onnx_file, file = Path(onnx_file), Path(file)
    if file.suffix != '.xml':
        raise ValueError(f"the file must end in '.xml', but got {file}")
    # NNCF reports how it is used over the network unless it runs in tests.
    os.environ.setdefault('NNCF_CI', '1')
    nncf = require('nncf', 'int8')
    openvino = require('openvino', 'int8')
    shared_core()  # before those of NNCF
    nncf.set_log_level(logging.ERROR)
    reference = load_session(onnx_file, 'openvino')
    info = dataclasses.replace(reference.info, precision='int8')
    batches = _batches(images, info)
    checked = batches[::CHECK_EVERY]
    calibration = [b for i, b in enumerate(batches) if i % CHECK_EVERY]
    network = read_model(onnx_file)
    # So that what is computed from the weights alone is not quantized.
    passes = require('openvino.passes', 'int8')
    folding = passes.Manager()
    folding.register_pass(passes.ConstantFolding())
    folding.run_passes(network)
    network = nncf.quantize(
        network,
        nncf.Dataset(calibration),
        subset_size=len(calibration),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=nncf.ModelType.TRANSFORMER)
    network.set_rt_info(info.to_json(), [METADATA_KEY])
    weights = file.with_suffix('.bin')
    with written_whole(file, weights) as folder:
        part = folder / file.name
        openvino.save_model(network, str(part), compress_to_fp16=False)
        psnr = _psnr(reference, load_session(part), checked)
        if not all(value >= min_psnr for value in psnr.values()):
            raise ValueError(
                f'{file} was not written: the PSNR of its outputs to those '
                f'in float32 is {_listed(psnr)}, but min_psnr (--min-psnr) '
                f'is {min_psnr:g} dB')
    return Quantized(info, psnr)


def _listed(psnr: dict[str, float]) -> str:
    return ', '.join(f'{value:.1f} dB ({task})'
                     for task, value in psnr.items())


def _batches(images: np.ndarray, info: ModelInfo) -> list[np.ndarray]:
    """Pictures in batches of the size that the network takes."""
    size = info.batch_size
    if (images.ndim != 4 or images.shape[1:] != (3, *info.input_size)
            or len(images) < CHECK_EVERY * size):
        raise ValueError(
            f'images must have the shape (M, 3, {info.input_size[0]}, '
            f'{info.input_size[1]}) with M at least {CHECK_EVERY * size}, but '
            f'got {images.shape}')
    return [images[i:i + size] for i in range(0, len(images) - size + 1, size)]


def _psnr(reference: BaseSession, session: BaseSession,
          batches: Sequence[np.ndarray]) -> dict[str, float]:
    """PSNR in dB of the images that two sessions give, for each task."""
    errors: dict[str, list[float]] = {task: [] for task in session.tasks}
    for batch in batches:
        expected, found = reference(batch), session(batch)
        for task, values in errors.items():
            difference = found[task].clip(0, 1) - expected[task].clip(0, 1)
            values.append(float(np.square(difference).mean()))
    return {
        task: -10 * float(np.log10(max(np.mean(values), 1e-20)))
        for task, values in errors.items()
    }
