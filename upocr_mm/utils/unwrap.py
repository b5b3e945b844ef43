from __future__ import annotations

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper


def unwrap(model: torch.nn.Module) -> torch.nn.Module:
    """The model inside of wrappers for several processes or augmentation.

    Args:
        model: A model of a runner.
    """
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
