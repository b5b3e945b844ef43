from __future__ import annotations
from typing import Any

import torch
from mmseg.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class FusedAdamW(torch.optim.AdamW):
    """AdamW in one kernel for all parameters where PyTorch has one.

    That is on CUDA, and with PyTorch 2.4 or newer on CPUs. Elsewhere it is
    PyTorch's ordinary AdamW.

    With gradients scaled for half precision the fused kernel also looks
    itself whether they are finite, for which the ordinary one waits for the
    device in every step.

    Args:
        params: As in ``torch.optim.AdamW``.
        kwargs: Further arguments of ``torch.optim.AdamW``, apart from
            ``fused``.
    """

    def __init__(self, params: Any, **kwargs) -> None:
        params = list(params)
        # Of their own: an attempt that fails leaves its options in them.
        groups = [dict(p) if isinstance(p, dict) else p for p in params]
        try:
            super().__init__(groups, fused=True, **kwargs)
        except RuntimeError:  # "`fused=True` requires ..."
            super().__init__(params, **kwargs)
        self._fused = bool(self.defaults['fused'])

    def load_state_dict(self, state_dict: dict) -> None:
        """Load the state, also of a machine with other kernels."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group['fused'] = self._fused
