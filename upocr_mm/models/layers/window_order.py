"""The order of the tokens of a feature map in attention windows."""
from __future__ import annotations
from functools import lru_cache
from typing import Iterator, NamedTuple

import torch
import torch.nn.functional as F
from mmpretrain.models.utils import ShiftWindowMSA


class Span(NamedTuple):
    """Windows ``start`` to ``stop`` (exclusive), which share one mask.

    ``kind`` is 0 for windows without a seam of the cyclic shift, 1 for those
    with a vertical seam (at the right border), 2 with a horizontal one (at
    the bottom), 3 with both (the corner).
    """
    start: int
    stop: int
    kind: int


class WindowOrder(NamedTuple):
    """Tokens of a batch of feature maps, window by window.

    Padding, cyclic shift and partition in one permutation, so that one pass
    over the memory does it, and one undoes it. Windows that share a mask
    stand together, whatever their image: a mask is then needed once for each
    kind of window, not for each window.

    Attributes:
        index: (N * H' * W', ) int32. For each token in window order its
            place in the padded maps.
        inverse: The inverse permutation.
        spans: The windows by the kind of their mask.
        tokens: Tokens of a window.
        padding: Rows added at the bottom and columns added at the right.
        hw_shape: Height and width of the maps before padding.
    """
    index: torch.Tensor
    inverse: torch.Tensor
    spans: tuple[Span, ...]
    tokens: int
    padding: tuple[int, int]
    hw_shape: tuple[int, int]

    def split(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens (N, H * W, C) to windows (windows, tokens, C), a copy."""
        x = _Permutation.apply(self.pad(x), self.index, self.inverse)
        return x.view(-1, self.tokens, x.shape[-1])

    def merge(self, windows: torch.Tensor) -> torch.Tensor:
        """The inverse: windows (windows, tokens, C) to tokens (N, H*W, C)."""
        return self.crop(
            _Permutation.apply(
                windows.flatten(0, 1), self.inverse, self.index))

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens (N, H * W, C) to those of the padded maps, (N*H'*W', C)."""
        n, _, c = x.shape
        if any(self.padding):
            x = F.pad(
                x.view(n, *self.hw_shape, c),
                (0, 0, 0, self.padding[1], 0, self.padding[0]))
        return x.reshape(-1, c)

    def crop(self, x: torch.Tensor) -> torch.Tensor:
        """The inverse: (N * H' * W', C) to tokens (N, H * W, C)."""
        (h, w), c = self.hw_shape, x.shape[-1]
        if any(self.padding):
            x = x.view(-1, h + self.padding[0], w + self.padding[1], c)
            x = x[:, :h, :w]
        return x.reshape(-1, h * w, c)

    def steps(self, size: int) -> Iterator[tuple[int, int]]:
        """All windows, at most ``size`` at a time: from where to where."""
        number = len(self.index) // self.tokens
        for start in range(0, number, size):
            yield start, min(start + size, number)

    def part(self, start: int, stop: int) -> tuple[Span, ...]:
        """The spans of the windows ``start`` to ``stop``, counted anew."""
        return tuple(
            Span(max(a, start) - start,
                 min(b, stop) - start, kind) for a, b, kind in self.spans
            if a < stop and b > start)


class _Permutation(torch.autograd.Function):
    """Rows in another order; the gradient takes them back by a gather.

    (That of ``index_select`` adds row by row, as rows might repeat.)
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, index: torch.Tensor,
                inverse: torch.Tensor) -> torch.Tensor:
        ctx.index, ctx.inverse = index, inverse
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> tuple:
        return grad.index_select(0, ctx.inverse), None, None


@lru_cache(maxsize=64)
def window_order(n: int, hw_shape: tuple[int, int], window: int, shift: int,
                 device: torch.device) -> WindowOrder:
    """The order for N feature maps.

    Args:
        n: Number of maps.
        hw_shape: Their height and width; padded to full windows.
        window: Side of a window.
        shift: Cyclic shift, in pixels to the top left.
        device: Where the permutation is to lie.
    """
    padding = tuple(-side % window for side in hw_shape)
    h, w = (side + pad for side, pad in zip(hw_shape, padding))
    rows, cols = h // window, w // window
    # A kept tensor must be usable for training, whoever asks for it first.
    with torch.inference_mode(False), torch.no_grad():
        places = torch.arange(
            n * h * w, dtype=torch.int32).view(n, h, w).roll((-shift, -shift),
                                                             (1, 2))
        # (N, rows, win, cols, win) -> (N, rows, cols, tokens)
        places = places.view(n, rows, window, cols, window).transpose(2, 3)
        places = places.reshape(n, rows, cols, -1)
        kinds = [places.flatten(0, 2)]
        if shift:
            kinds = [
                places[:, :-1, :-1], places[:, :-1, -1:], places[:, -1:, :-1],
                places[:, -1:, -1:]
            ]
        spans, start = [], 0
        for kind, part in enumerate(kinds):
            stop = start + part.numel() // window**2
            if stop > start:
                spans.append(Span(start, stop, kind))
            start = stop
        index = torch.cat([part.flatten() for part in kinds])
        inverse = torch.empty_like(index)
        inverse[index.long()] = torch.arange(len(index), dtype=torch.int32)
        return WindowOrder(
            index.to(device), inverse.to(device), tuple(spans), window**2,
            padding, tuple(hw_shape))


@lru_cache(maxsize=16)
def shift_masks(window: int, shift: int,
                device: torch.device) -> torch.Tensor | None:
    """What separates the pixels that a cyclic shift brings together.

    Args:
        window: Side of a window.
        shift: Cyclic shift in pixels.
        device: Where the masks are to lie.

    Returns:
        For each kind of window (4, tokens, tokens), 0 or -100; None without
        shift.
    """
    if not shift:
        return None
    with torch.inference_mode(False), torch.no_grad():
        # Two by two windows are one of each kind.
        return ShiftWindowMSA.get_attn_mask((2 * window, 2 * window), window,
                                            shift, device)
