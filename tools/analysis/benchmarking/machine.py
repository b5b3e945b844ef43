"""Facts about machine and software, to be told with every measurement."""
from __future__ import annotations
import importlib
import os
import platform
import re
import time
from pathlib import Path

import torch

from upocr_mm.models.layers.linear import Product, linear, prepare

PACKAGES = ('mmengine', 'mmcv', 'mmseg', 'mmpretrain')


def machine_facts(device: str, threads: int) -> dict:
    """Processor, device and versions.

    Args:
        device: Of the model.
        threads: Of torch in the worker processes.
    """
    facts = dict(
        system=f'{platform.system()} {platform.machine()}',
        cpu=_cpu_model(),
        cores=os.cpu_count(),
        usable_cores=_usable_cores(),
        threads=threads,
        device=device,
        python=platform.python_version(),
        torch=torch.__version__)
    if device.startswith('cuda'):
        facts['gpu'] = torch.cuda.get_device_name(device)
    for dtype in torch.float32, torch.bfloat16:
        facts[f'{str(dtype)[6:]} GFLOP/s'] = round(product_rate(device, dtype))
    for package in PACKAGES:
        facts[package] = importlib.import_module(package).__version__
    return facts


def _cpu_model() -> str:
    try:
        found = re.search(r'^model name\s*:\s*(.+)$',
                          Path('/proc/cpuinfo').read_text(), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or 'unknown'


def _usable_cores() -> int | None:
    """Cores on which the process may run, where the system tells."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def product_rate(device: str, dtype: torch.dtype, side: int = 2048) -> float:
    """GFLOP/s of a product of square matrices: what arithmetic allows.

    Args:
        device: Where to multiply.
        dtype: Of the matrices.
        side: Of the matrices.
    """
    matrix = torch.rand(side, side, device=device)
    half = dtype != torch.float32
    best = float('inf')
    # As the model multiplies.
    with torch.no_grad(), torch.autocast(
            matrix.device.type, torch.bfloat16, enabled=half):
        x = matrix.to(dtype)
        weight = x if x.is_cuda else prepare(Product(matrix, None)).weight
        # Long enough to see a moment without neighbours.
        for _ in range(20):
            if matrix.is_cuda:
                torch.cuda.synchronize(device)
            start = time.perf_counter()
            linear(x, weight, None)
            if matrix.is_cuda:
                torch.cuda.synchronize(device)
            best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best / 1e9
