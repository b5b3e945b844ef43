"""Make tensors and arrays of what a file says, once it is checked.

What a file says of sizes and kinds is not to be trusted: torch and NumPy
believe much of it, and would then read memory that is not theirs.
"""
from __future__ import annotations
import pickle
import re
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch

# Names of storages in pickles, and what they hold.
STORAGES = dict(
    DoubleStorage=torch.float64,
    FloatStorage=torch.float32,
    HalfStorage=torch.float16,
    BFloat16Storage=torch.bfloat16,
    LongStorage=torch.int64,
    IntStorage=torch.int32,
    ShortStorage=torch.int16,
    CharStorage=torch.int8,
    ByteStorage=torch.uint8,
    BoolStorage=torch.bool,
    ComplexDoubleStorage=torch.complex128,
    ComplexFloatStorage=torch.complex64,
    UntypedStorage=torch.uint8)
# Numbers and text. No objects, whose bytes would be pointers, no records and
# no dates.
PLAIN_DTYPE = re.compile(r'b1|[iu][1248]|f[248]|c(8|16)|[SU][1-9][0-9]{0,5}')


class Storage(NamedTuple):
    """The numbers of one or more tensors.

    Args:
        untyped: Their memory.
        dtype: What they are.
        numel: How many there are.
    """
    untyped: torch.UntypedStorage
    dtype: torch.dtype
    numel: int


def rebuild_tensor(storage: Any, offset: Any, size: Any,
                   stride: Any) -> torch.Tensor:
    """A view of a storage, which must lie within it.

    ``Tensor.set_`` would enlarge the storage instead, by memory that nobody
    wrote.

    Raises:
        pickle.UnpicklingError: It does not.
    """
    if type(storage) is not Storage:
        raise pickle.UnpicklingError('a tensor has no storage')
    size, stride = shape_of(size), _ints(stride)
    offset, = _ints((offset, ))
    last = offset + sum((n - 1) * step for n, step in zip(size, stride))
    is_empty = 0 in size
    if len(size) != len(stride) or (offset > storage.numel
                                    if is_empty else last >= storage.numel):
        raise pickle.UnpicklingError('a tensor reaches beyond its storage')
    # By a stride of 0, a small file could make tensors of any size.
    if prod(size) > storage.numel:
        raise pickle.UnpicklingError('a tensor is larger than its storage')
    tensor = torch.empty(0, dtype=storage.dtype, device=storage.untyped.device)
    return tensor.set_(storage.untyped, offset, size, stride)


def rebuild_tensor_v2(storage: Any, offset: Any, size: Any, stride: Any,
                      requires_grad: Any, hooks: Any, *rest) -> torch.Tensor:
    """Like :func:`rebuild_tensor`. Hooks are functions, and dropped."""
    # Whether the numbers are to be conjugated or negated when they are used.
    if any(rest):
        raise pickle.UnpicklingError('a tensor that is not computed yet')
    tensor = rebuild_tensor(storage, offset, size, stride)
    return tensor.requires_grad_(requires_grad is True)


def rebuild_parameter(data: Any, requires_grad: Any,
                      hooks: Any) -> torch.nn.Parameter:
    """A parameter. Hooks are functions, and dropped."""
    if type(data) is not torch.Tensor:
        raise pickle.UnpicklingError('a parameter is no tensor')
    return torch.nn.Parameter(data, requires_grad is True)


def make_dtype(text: Any, *flags) -> np.dtype:
    """A dtype of numbers or text.

    Raises:
        pickle.UnpicklingError: It is one of something else.
    """
    if type(text) is not str or not PLAIN_DTYPE.fullmatch(text):
        raise pickle.UnpicklingError(f'an array of the dtype {text!r:.40}')
    return np.dtype(text)


def build_dtype(dtype: np.dtype, state: Any) -> None:
    """Compare what a file says of a dtype with what there is.

    ``dtype.__setstate__`` would believe a file that bytes are objects. So
    nothing is set.
    """
    if type(state) is not tuple or len(state) < 5 or state[1] not in (
            '<', '|', '=') or any(part is not None for part in state[2:5]):
        raise pickle.UnpicklingError('an array of an unknown dtype')


def make_array(*args) -> np.ndarray:
    """An empty array, which gets its state later."""
    return np.empty(0, np.int8)


def build_array(array: np.ndarray, state: Any) -> None:
    """Fill an array that was just made.

    Raises:
        pickle.UnpicklingError: Shape, dtype and bytes do not fit together.
    """
    _, shape, dtype, is_fortran, data = state
    shape = shape_of(shape)
    if array.size or type(is_fortran) is not bool:
        raise pickle.UnpicklingError('an array with an odd state')
    _check_bytes(dtype, data, prod(shape))
    array.__setstate__((1, shape, dtype, is_fortran, data))


def make_scalar(dtype: Any, data: Any) -> np.generic:
    """A number or a text of NumPy."""
    _check_bytes(dtype, data, 1)
    return np.ndarray((), dtype, data)[()]


def _check_bytes(dtype: Any, data: Any, count: int) -> None:
    if not isinstance(dtype, np.dtype) or type(data) is not bytes:
        raise pickle.UnpicklingError('an array that is not made of bytes')
    if len(data) != count * dtype.itemsize:
        raise pickle.UnpicklingError('an array of another size than its bytes')
    if dtype.kind == 'U':
        # NumPy would make strings of characters that there are not.
        data.decode('utf-32-le')
    elif dtype.kind == 'b' and data.strip(b'\0\1'):
        raise pickle.UnpicklingError('an array of truth values with others')


def shape_of(sizes: Any) -> tuple[int, ...]:
    """The sizes of a shape.

    Raises:
        pickle.UnpicklingError: They are no sizes, or overflow.
    """
    sizes = _ints(sizes)
    if len(sizes) > 32 or prod(size or 1 for size in sizes) >= 2**48:
        raise pickle.UnpicklingError(f'an odd size: {sizes!r:.60}')
    return sizes


def _ints(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple) or not all(
            type(value) is int and 0 <= value < 2**48 for value in values):
        raise pickle.UnpicklingError(f'an odd size: {type(values).__name__}')
    return tuple(values)
