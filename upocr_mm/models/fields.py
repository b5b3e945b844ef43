"""Checks of what a config sets, so that errors name its field."""
from __future__ import annotations
import math
import re
from typing import Any, Iterable

from mmengine.registry import Registry

from ..utils import UsageError


def require_weights(name: str, values: Iterable[Any]) -> None:
    """Refuse weights of losses that are negative or not finite.

    Args:
        name: Name of the field.
        values: The weights.

    Raises:
        ValueError: One is negative, NaN, infinite or no number.
    """
    for value in values:
        if not is_number(value) or not 0 <= value < math.inf:
            raise ValueError(f'{name} must be finite numbers that are not '
                             f'negative, but got {value!r}')


def require_integer(name: str, value: Any, low: int = 1) -> None:
    """Refuse what is no integer of at least ``low``.

    Args:
        name: Name of the field.
        value: Its value.
        low: The smallest that is allowed.

    Raises:
        ValueError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ValueError(f'{name} must be an integer of at least {low}, but '
                         f'got {value!r}')


def is_number(value: Any) -> bool:
    """Whether a value is an int or a float (True and False are none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def build_part(registry: Registry, cfg: dict, field: str) -> Any:
    """Build a part of a model, so that errors name its field.

    Args:
        registry: Where its ``type`` is looked up.
        cfg: The part.
        field: For instance ``model.backbone``.

    Raises:
        UsageError: It has no ``type``, or what is built refuses its arguments.
    """
    if isinstance(cfg, dict) and 'type' not in cfg:
        raise UsageError(f'{field} of the config lacks type')
    try:
        return registry.build(cfg)
    except (ValueError, TypeError) as error:
        # mmengine's registry puts class and file before the message.
        text = re.sub(r'^(class `\w+` in \S+\.py: )+', '', str(error))
        raise UsageError(f'{field}: {text}') from error
