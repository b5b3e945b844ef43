from __future__ import annotations
from typing import Any

import torch
from mmengine.hooks import Hook
from mmseg.registry import HOOKS


@HOOKS.register_module()
class TF32Hook(Hook):
    """Whether NVIDIA GPUs compute float32 convolutions and products in TF32.

    TF32 has the range of float32 with 10 bits of precision. By default
    PyTorch uses it for convolutions and not for matrix products; mmengine has
    no setting. The authors of UPOCR train and test without it.

    Args:
        enabled: True for TF32 in both, False in neither.
    """

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled

    def before_run(self, runner: Any) -> None:
        """Set the switches of PyTorch, for the whole process."""
        torch.backends.cuda.matmul.allow_tf32 = self.enabled
        torch.backends.cudnn.allow_tf32 = self.enabled
