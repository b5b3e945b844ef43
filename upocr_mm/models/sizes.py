"""The sizes of UPOCR (appendix A.1, Table 7), in one table."""
from __future__ import annotations
from typing import Any, NamedTuple

from .fields import is_number, require_integer


class SwinSize(NamedTuple):
    """Encoder or decoder of one size.

    Attributes:
        embed_dims: Channels of the encoder's first stage, which double from
            stage to stage, or of the decoder's, which are halved.
        depths: Blocks of each stage, four or five.
        num_heads: Attention heads of each stage.
        window_size: Side of the attention windows.
        pretrained_window_size: Window by which the coordinates of the
            position bias are normalized.
        drop_path_rate: Rate of stochastic depth in the last block; it grows
            linearly from 0 in the first.
    """
    embed_dims: int
    depths: tuple[int, ...]
    num_heads: tuple[int, ...]
    window_size: int
    pretrained_window_size: int
    drop_path_rate: float


# tiny, small and base are the paper's, nano is for CPUs.
ENCODERS = dict(
    nano=SwinSize(48, (1, 1, 2, 1), (2, 4, 8, 16), 8, 8, 0.),
    tiny=SwinSize(96, (2, 2, 6, 2), (3, 6, 12, 24), 16, 16, 0.2),
    small=SwinSize(96, (2, 2, 18, 2), (3, 6, 12, 24), 16, 16, 0.3),
    base=SwinSize(128, (2, 2, 18, 2), (4, 8, 16, 32), 8, 16, 0.3))
DECODERS = dict(
    nano=SwinSize(384, (1, 2, 1, 1, 1), (16, 8, 4, 2, 1), 8, 8, 0.),
    tiny=SwinSize(768, (2, 6, 2, 2, 2), (24, 12, 6, 3, 2), 16, 8, 0.2),
    small=SwinSize(768, (2, 18, 2, 2, 2), (24, 12, 6, 3, 2), 8, 8, 0.3),
    base=SwinSize(1024, (2, 18, 2, 2, 2), (32, 16, 8, 4, 2), 8, 8, 0.3))


def swin_size(table: dict[str, SwinSize], arch: str | dict,
              **changes: Any) -> SwinSize:
    """A row of the table, with changes.

    Args:
        table: ``ENCODERS`` or ``DECODERS``.
        arch: Name of a size, or a dict of ``embed_dims``, ``depths`` and
            ``num_heads`` (everything else is then that of ``'small'``).
        **changes: Fields that differ; None leaves a field as it is.

    Raises:
        ValueError: ``arch`` is not one of these, or a number is not
            possible.
    """
    small = table['small']
    keys = ('embed_dims', 'depths', 'num_heads')
    if isinstance(arch, str) and arch in table:
        size = table[arch]
    elif (not isinstance(arch, str) and set(arch) == set(keys) and
          len(arch['depths']) == len(arch['num_heads']) == len(small.depths)):
        size = small._replace(**arch)
    else:
        raise ValueError(
            f'arch must be one of {list(table)}, or a dict of embed_dims, '
            f'{len(small.depths)} depths and {len(small.depths)} num_heads, '
            f'but got {arch!r}')
    changes = {k: v for k, v in changes.items() if v is not None}
    size = size._replace(**changes)
    _check(size)
    _check_heads(size, growth=1 if table is ENCODERS else -1)
    return size


def _check(size: SwinSize) -> None:
    """Refuse numbers that no network can be built of.

    Raises:
        ValueError: The message names the field.
    """
    require_integer('arch.embed_dims', size.embed_dims)
    for name in ('depths', 'num_heads'):
        for value in getattr(size, name):
            require_integer(f'arch.{name}', value)
    windows = size.window_size
    is_list = isinstance(windows, (list, tuple))
    for window in windows if is_list else [windows]:
        require_integer('window_size', window)
    check_pretrained_window('pretrained_window_size',
                            size.pretrained_window_size)
    rate = size.drop_path_rate
    if not is_number(rate) or not 0 <= rate < 1:
        raise ValueError(f'drop_path_rate must lie in [0, 1), but got {rate}')


def _check_heads(size: SwinSize, growth: int) -> None:
    """Refuse heads that do not divide the channels of their stage.

    Args:
        size: The numbers.
        growth: 1 if the channels double from stage to stage, -1 if they are
            halved.

    Raises:
        ValueError: The message names the stage, its channels and heads.
    """
    for i, heads in enumerate(size.num_heads):
        channels = int(size.embed_dims * 2.**(growth * i))
        if channels % heads:
            raise ValueError(
                f'arch.num_heads.{i} must divide the {channels} channels of '
                f'its stage, but got {heads}')


def check_pretrained_window(name: str, value: Any) -> None:
    """Refuse a window by which coordinates cannot be normalized.

    Args:
        name: Name of the field.
        value: The window; 0 stands for the window itself.

    Raises:
        ValueError: It is negative, no integer, or 1, whose only coordinate
            is 0.
    """
    require_integer(name, value, low=0)
    if value == 1:
        raise ValueError(f'{name} must be 0 (that of the window) or at least '
                         '2, but got 1')
