"""The only place in the models that asks for the device or the compiler."""
from __future__ import annotations

import torch


def is_on_cpu(tensor: torch.Tensor) -> bool:
    """Whether its values can be read without waiting for a device.

    Code that checks values asks this first: a check is not worth the wait.

    Args:
        tensor: Any tensor.
    """
    return tensor.device.type == 'cpu'


def is_compiling() -> bool:
    """Whether `torch.compile` traces the code that asks."""
    if hasattr(torch.compiler, 'is_compiling'):
        return torch.compiler.is_compiling()
    return torch._dynamo.is_compiling()  # torch 2.1
