from __future__ import annotations
from typing import Any

import torch.nn as nn
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmseg.registry import OPTIM_WRAPPER_CONSTRUCTORS

REST = 'generator'


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SeparateOptimWrapperConstructor:
    """An optimizer for each named part of a model, and one for the rest.

    For adversarial training. Each entry is the config of an optimizer wrapper
    as mmengine has it, with ``paramwise_cfg`` and ``constructor`` if it needs
    them. ``generator`` trains what no other entry names.

    Args:
        optim_wrapper_cfg: The entries: ``generator`` and names of parts of the
            model.
        paramwise_cfg: None; each entry has its own.

    Raises:
        ValueError: An entry names no part of the model, ``generator`` is
            missing, or ``paramwise_cfg`` is given for all.

    Examples:
        >>> optim_wrapper = dict(
        ...     constructor='SeparateOptimWrapperConstructor',
        ...     generator=dict(optimizer=dict(type='AdamW', lr=5e-4)),
        ...     discriminator=dict(optimizer=dict(type='AdamW', lr=5e-4)))
    """

    def __init__(self,
                 optim_wrapper_cfg: dict[str, dict],
                 paramwise_cfg: dict[str, Any] | None = None) -> None:
        if paramwise_cfg is not None:
            raise ValueError('optim_wrapper.paramwise_cfg must stand in the '
                             f'entries {list(optim_wrapper_cfg)}')
        if REST not in optim_wrapper_cfg:
            raise ValueError(f'optim_wrapper needs an entry {REST!r}, but has '
                             f'{list(optim_wrapper_cfg)}')
        self.cfgs = optim_wrapper_cfg

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build the optimizers.

        Args:
            model: The model, whose parameters all belong to its parts.
        """
        if is_model_wrapper(model):
            model = model.module
        parts = dict(model.named_children())
        unknown = sorted(set(self.cfgs) - {REST} - set(parts))
        if unknown:
            raise ValueError(f'optim_wrapper names {unknown}, but the model '
                             f'has only the parts {sorted(parts)}')
        # With the names of its parts, for `paramwise_cfg`.
        rest = nn.ModuleDict({
            k: v
            for k, v in parts.items() if k not in self.cfgs
        })
        return OptimWrapperDict(
            **{
                name:
                build_optim_wrapper(rest if name == REST else parts[name],
                                    dict(dict(type='OptimWrapper'), **cfg))
                for name, cfg in self.cfgs.items()
            })
