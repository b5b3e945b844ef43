from __future__ import annotations
from typing import Any

from mmengine.runner import CheckpointLoader
from torch import nn

from ..utils import UsageError
from .compare import listed
from .content import weights_of


def check_pretrained(model: nn.Module) -> None:
    """Refuse ``init_cfg=dict(type='Pretrained')`` whose file fits nothing.

    mmengine only warns, and the training starts from random weights. Files
    that must be downloaded first are not looked at.

    Args:
        model: The model, whose modules have ``init_cfg``.

    Raises:
        UsageError: The message has names of both sides.
        FileNotFoundError: There is no such file.
        ValueError: It is damaged or no checkpoint.
    """
    for name, module in model.named_modules():
        init_cfg = getattr(module, 'init_cfg', None)
        for cfg in init_cfg if isinstance(init_cfg, list) else [init_cfg]:
            if isinstance(cfg, dict) and cfg.get('type') == 'Pretrained':
                _check(f'model.{name}'.rstrip('.'), module, cfg)


def _check(field: str, module: nn.Module, cfg: dict[str, Any]) -> None:
    file = str(cfg.get('checkpoint'))
    if '://' in file:
        return
    content = CheckpointLoader.load_checkpoint(file, map_location='cpu')
    prefix = (cfg.get('prefix') or '').rstrip('.')
    # mmengine cuts the prefix and, to separate it, a point off.
    begin = f'{prefix}.' if prefix else ''
    found = {
        key[len(begin):]: getattr(value, 'shape', None)
        for key, value in weights_of(content, file).items()
        if key.startswith(begin)
    }
    own = {key: value.shape for key, value in module.state_dict().items()}
    if own.items() & found.items():
        return
    names = list(weights_of(content, file))
    raise UsageError(
        f'{field}.init_cfg: nothing in {file} fits, with the prefix '
        f'{prefix!r}: the file has {listed(names, 3)}, the model '
        f'{listed(list(own), 3)}')
