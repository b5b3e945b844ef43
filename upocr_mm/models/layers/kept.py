from __future__ import annotations
from typing import Any, Callable, Hashable, Iterable, TypeVar

import torch
import torch.nn as nn
from mmengine.model import BaseModule

T = TypeVar('T')


class KeepsDerived(BaseModule):
    """A module that keeps what it computes from its parameters alone.

    Only in evaluation without gradients. It is computed anew when the
    parameters behind it were written (an optimizer step, a loaded
    checkpoint), moved or converted, and after every call of ``train()`` or
    ``eval()``. The last covers weights exchanged behind autograd's back
    (``param.data``), as the averaging of weights does before a validation.
    """

    def __init__(self, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self._kept: dict[str, tuple[Any, Any]] = {}

    def keep(self, name: str, compute: Callable[[], T],
             sources: Iterable[torch.Tensor], *key: Hashable) -> T:
        """``compute()``, or what it gave before.

        Args:
            name: What it is called in this module.
            compute: Depends on nothing but ``sources`` and ``key``.
            sources: Parameters of this module.
            key: What else it depends on.
        """
        if self.training or torch.is_grad_enabled():
            return compute()
        state = (*key, *((p.data_ptr(), p._version, p.dtype, p.device)
                         for p in sources))
        found = self._kept.get(name)
        if found is None or found[0] != state:
            found = self._kept[name] = (state, compute())
        return found[1]

    def train(self, mode: bool = True) -> nn.Module:
        """Switch between training and evaluation; forgets what was kept."""
        self._kept.clear()
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._kept.clear()
        return super()._apply(*args, **kwargs)

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        self._kept.clear()
        super()._load_from_state_dict(*args, **kwargs)

    def __getstate__(self) -> dict:
        """Copies and files get nothing of it."""
        return dict(self.__dict__, _kept={})
