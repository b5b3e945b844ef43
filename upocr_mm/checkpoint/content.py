"""What is in a checkpoint, or one sentence about what is wrong with it."""
from __future__ import annotations
import re
from typing import Any, Mapping, NoReturn

import torch

from .compare import DERIVED, listed


def weights_of(content: Mapping, name: str) -> dict[str, Any]:
    """The state dict, without the prefix ``module.``.

    Args:
        content: The checkpoint, or a bare state dict.
        name: Its file, for errors.

    Returns:
        Tensors by their names.

    Raises:
        ValueError: ``state_dict`` is none.
    """
    found = content.get('state_dict', content)
    if not isinstance(found, Mapping):
        _refuse(name, 'state_dict', 'a dict of tensors', found)
    return {re.sub(r'^module\.', '', str(k)): v for k, v in found.items()}


def require_weights(weights: Mapping[str, Any], name: str) -> None:
    """Refuse a state dict that no training writes.

    Args:
        weights: The state dict.
        name: Its file, for errors.

    Raises:
        ValueError: A value is no tensor, not of floating point, or not
            finite; the message names it.
    """
    for key, value in weights.items():
        if not isinstance(value, torch.Tensor):
            what = 'is no tensor'
        elif DERIVED.search(key) or key.endswith('num_batches_tracked'):
            continue
        elif not value.is_floating_point():
            what = f'must be of floating point, but is of {value.dtype}'
        elif not torch.isfinite(value).all():
            what = 'has values that are not finite'
        else:
            continue
        raise ValueError(f'{name}: {listed([key])} {what}')


def task_meta_of(content: Mapping, name: str) -> dict[str, Any]:
    """What belongs to the weights of a UPOCR model and is not among them.

    Args:
        content: The checkpoint; others than ours have no ``meta['upocr']``.
        name: Its file, for errors.

    Returns:
        As :attr:`UPOCR.task_meta`, or a part of it, with ``palettes``.

    Raises:
        ValueError: It is not of that form.
    """
    meta = content.get('meta')
    if meta is not None and not isinstance(meta, Mapping):
        _refuse(name, 'meta', 'a dict', meta)
    meta = (meta or {}).get('upocr')
    if meta is not None and not isinstance(meta, Mapping):
        _refuse(name, "meta['upocr']", 'a dict', meta)
    meta = dict(meta or {})
    for key in ('tasks', 'missing', 'training_only'):
        names = meta.get(key, [])
        if not isinstance(names, (list, tuple)) or not all(
                isinstance(entry, str) for entry in names):
            _refuse(name, f"meta['upocr']['{key}']", 'a list of text', names)
    palettes = meta.setdefault('palettes', {})
    if not isinstance(palettes, Mapping) or not all(
            map(_is_palette, palettes.values())):
        _refuse(name, "meta['upocr']['palettes']",
                'RGB colors, 0 to 255, of each task', palettes)
    return meta


def _is_palette(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(color, (list, tuple)) and len(color) == 3 and all(
            isinstance(v, (int, float)) and 0 <= v <= 255 for v in color)
        for color in value)


def _refuse(name: str, field: str, wanted: str, found: Any) -> NoReturn:
    kind = type(found).__name__
    if not isinstance(found, torch.Tensor) and len(repr(found)) < 60:
        kind = repr(found)
    raise ValueError(f'{name} is no checkpoint: {field} must be {wanted}, but '
                     f'is {kind}')
