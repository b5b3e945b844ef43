"""On CPUs a few rows at a time, so that they stay in the processor's cache.

`torch.compile` leaves such code alone: on CPUs its kernels for whole feature
maps were measured to be slower.
"""
from __future__ import annotations
from typing import Callable

import torch

# So many bytes of the input go through several layers at a time. What lies
# between the layers is a few times as large.
CHUNK_BYTES = 3 * 2**19


def is_compiling() -> bool:
    """Whether `torch.compile` is looking on."""
    if hasattr(torch.compiler, 'is_compiling'):
        return torch.compiler.is_compiling()
    return torch._dynamo.is_compiling()  # torch 2.1


def pays(x: torch.Tensor) -> bool:
    """Whether layers should be gone through chunk by chunk.

    With gradients everything between the layers is kept anyway; GPUs want
    large pieces.
    """
    return x.device.type == 'cpu' and not torch.is_grad_enabled()


def rows_of_chunk(x: torch.Tensor) -> int:
    """How many of the entries of the first dimension make a chunk."""
    return max(1, CHUNK_BYTES * len(x) // max(x.numel() * x.element_size(), 1))


def in_chunks(function: Callable[[torch.Tensor], torch.Tensor],
              x: torch.Tensor) -> torch.Tensor:
    """``function(x)``, where each entry of the first dimension is on its own.

    Args:
        function: Keeps the first dimension.
        x: Its input.
    """
    return _in_chunks(function, x) if pays(x) else function(x)


@torch.compiler.disable
def _in_chunks(function: Callable[[torch.Tensor], torch.Tensor],
               x: torch.Tensor) -> torch.Tensor:
    out, step = None, rows_of_chunk(x)
    for start in range(0, len(x), step):
        part = function(x[start:start + step])
        if out is None:
            if len(part) == len(x):
                return part
            out = part.new_empty(len(x), *part.shape[1:])
        out[start:start + step] = part
    return out
