"""What differs between the state dict of a model and that of a checkpoint."""
from __future__ import annotations
import os.path as osp
import re
import zipfile
from typing import Any, Mapping, Sequence

import torch

from ..utils.safe_load import reader_of

# Computed from the window size, so that they need not be in a checkpoint.
DERIVED = re.compile(r'relative_(coords_table|position_index)$')


def check_file(filename: str) -> None:
    """Check that a file is a readable checkpoint, without loading it.

    Args:
        filename: The file.

    Raises:
        FileNotFoundError: It does not exist.
        ValueError: It is empty, cut off or no checkpoint.
    """
    reader_of(filename)
    with open(filename, 'rb') as file:
        is_zip = file.read(2) == b'PK'
    if is_zip and not zipfile.is_zipfile(filename):
        raise ValueError(f'the checkpoint {filename} is damaged: cut off '
                         f'after {osp.getsize(filename)} bytes')


def compare_state_dicts(expected: Mapping[str, torch.Tensor],
                        found: Mapping[str, Any],
                        limit: int = 10) -> list[str]:
    """Describe how a state dict differs from that of a model.

    Args:
        expected: State dict of the model.
        found: State dict of a checkpoint.
        limit: How many keys to name of each kind.

    Returns:
        One line for each kind of difference: missing keys, unexpected keys,
        other shapes or kinds of numbers, values that are not finite. Empty
        if there is none. Buffers that are computed from
        the window size are not compared.
    """
    expected = {k: v for k, v in expected.items() if not DERIVED.search(k)}
    found = {k: v for k, v in found.items() if not DERIVED.search(k)}
    kinds = dict(
        missing=[key for key in expected if key not in found],
        unexpected=[key for key in found if key not in expected])
    kinds['of another shape'] = [
        f'{key} ({_shape(found[key])} instead of {_shape(value)})'
        for key, value in expected.items()
        if key in found and _shape(found[key]) != _shape(value)
    ]
    kinds['of another type'] = [
        f'{key} ({found[key].dtype} instead of {value.dtype})'
        for key, value in expected.items()
        if isinstance(found.get(key), torch.Tensor)
        and _number(found[key]) != _number(value)
    ]
    kinds['not finite'] = [
        key for key, value in found.items() if isinstance(value, torch.Tensor)
        and value.is_floating_point() and not torch.isfinite(value).all()
    ]
    return [
        f'{len(keys)} keys are {kind}: {listed(keys, limit)}'
        for kind, keys in kinds.items() if keys
    ]


def compare_windows(expected: Mapping[str, torch.Tensor],
                    found: Mapping[str, Any]) -> list[str]:
    """Describe in which attention the window sizes differ.

    They show in the coordinates of the position bias. Where a checkpoint does
    not have these, nothing is compared.

    Args:
        expected: State dict of the model.
        found: State dict of a checkpoint.

    Returns:
        One line, or none.
    """
    other = [
        f'{key.rsplit(".", 2)[0]} ({_windows(found[key], value)})'
        for key, value in expected.items()
        if key.endswith('relative_coords_table')
        and isinstance(found.get(key), torch.Tensor)
        and not _same(value.cpu(), found[key].cpu())
    ]
    if not other:
        return []
    return [f'other window sizes (another size of model?): {listed(other, 3)}']


def compare_palettes(expected: Mapping[str, Sequence],
                     found: Mapping[str, Sequence]) -> list[str]:
    """Describe for which tasks the colors of the classes differ.

    Args:
        expected: The palette of each task of the model: an RGB color, 0 to
            255, for each class.
        found: Those of a checkpoint; tasks that it does not have are not
            compared.

    Returns:
        One line for each task that differs.
    """
    return [
        f'the colors of {task} are {found[task]} in the checkpoint, but '
        f'{palette} in model.codecs.{task}.palette'
        for task, palette in expected.items() if task in found
        and list(map(list, found[task])) != list(map(list, palette))
    ]


def listed(names: Sequence[str], limit: int = 10) -> str:
    """The first few of many names, in one line that any terminal can show."""
    shown = (n if n.isprintable() else ascii(n) for n in names[:limit])
    return ', '.join(shown) + (', ...' if len(names) > limit else '')


def _same(expected: torch.Tensor, found: torch.Tensor) -> bool:
    """Whether two tables are equal in the precision of the file."""
    if expected.shape != found.shape:
        return False
    return torch.allclose(
        expected.to(found.dtype).float(), found.float(), atol=1e-4)


def _windows(found: torch.Tensor, expected: torch.Tensor) -> str:
    """Describe two tables of coordinates, (1, 2 * w - 1, 2 * w - 1, 2)."""
    if found.shape == expected.shape:
        return 'another pretrained_window_size'
    return ' instead of '.join(
        str((table.shape[1] + 1) // 2) for table in (found, expected))


def _as(value: torch.Tensor, expected: torch.Tensor | None) -> torch.Tensor:
    """In the precision of the model, which may hold less."""
    return value if expected is None else value.to(expected.dtype)


def _number(value: torch.Tensor) -> str:
    """Which kind of numbers; of any precision."""
    if value.is_floating_point():
        return 'float'
    return 'complex' if value.is_complex() else 'integer'


def _shape(value: Any) -> Any:
    return (tuple(value.shape)
            if isinstance(value, torch.Tensor) else type(value).__name__)
