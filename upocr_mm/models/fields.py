"""Checks of what a config sets, so that errors name its field."""
from __future__ import annotations
import contextlib
import math
import re
from typing import Any, Iterable, Iterator

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


@contextlib.contextmanager
def building(field: str) -> Iterator[None]:
    """Put the field of a config before the errors of what it builds.

    Args:
        field: For instance ``model.backbone``.

    Raises:
        UsageError: What is built refuses its arguments.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        # mmengine's registry puts class and file before the message.
        text = re.sub(r'^(class `\w+` in \S+\.py: )+', '', str(error))
        raise UsageError(f'{field}: {text}') from error
