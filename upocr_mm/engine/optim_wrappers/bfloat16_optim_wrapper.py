from __future__ import annotations
from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.optim import OptimWrapper
from mmseg.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Mixed precision with bfloat16, also on CPUs.

    mmengine's ``AmpOptimWrapper`` needs a GPU. bfloat16 has the range of
    float32, so losses are not scaled. It is meant for CPUs that multiply
    bfloat16 themselves (AVX512-BF16, AMX).

    The arguments are those of :class:`mmengine.optim.OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast the forward pass of a training step.

        Args:
            model: The model, on one device.
        """
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(
                device, torch.bfloat16):
            yield
