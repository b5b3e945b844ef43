from __future__ import annotations
from typing import Any

import torch.nn as nn
from mmengine.dist import broadcast
from mmengine.optim import OptimWrapperDict
from mmengine.registry import MODEL_WRAPPERS


# Where mmengine's Runner looks for it, which does not look in mmseg's.
@MODEL_WRAPPERS.register_module()
class SameStartWrapper(nn.Module):
    """For models that average the gradients of several processes themselves.

    mmengine wraps a model for several processes; this wrapper only gives all
    of them the weights of the first. :class:`ViTEraser` does the rest.

    Args:
        module: The model, on its device.
        **kwargs: Arguments of ``MMDistributedDataParallel``, which a config
            may inherit; not used.
    """

    def __init__(self, module: nn.Module, **kwargs) -> None:
        super().__init__()
        self.module = module
        for tensor in module.state_dict().values():
            broadcast(tensor, src=0)

    def forward(self, *args, **kwargs) -> Any:
        """The model's."""
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: OptimWrapperDict) -> dict:
        """The model's."""
        return self.module.train_step(data, optim_wrapper)

    def val_step(self, data: Any) -> list:
        """The model's."""
        return self.module.val_step(data)

    def test_step(self, data: Any) -> list:
        """The model's."""
        return self.module.test_step(data)
