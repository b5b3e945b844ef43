from __future__ import annotations
from typing import Any, NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule


class LateralConnection(BaseModule):
    """Shortcut from an encoder to a decoder feature of the same size.

    Convolutions 1x1, 3x3 (expanding to twice the channels), 3x3 and 1x1
    (shrinking back), with nothing between them (UPOCR, appendix A.1, "Lateral
    Connection"; EraseNet).

    With nothing between them they are one linear map. In evaluation without
    gradients it is computed as one 5x5 convolution, with 44 % of the
    arithmetic, see :class:`FoldedConvolutions`.

    Args:
        channels: Channels of both features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1),
            nn.Conv2d(2 * channels, channels, 1))
        self._cache: tuple[Any, FoldedConvolutions] | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C, H, W) to the same shape."""
        if self.training or torch.is_grad_enabled():
            return self.convs(x)
        return self._forward_folded(x)

    @torch.compiler.disable
    def _forward_folded(self, x: torch.Tensor) -> torch.Tensor:
        # Anew when weights were written, moved or converted.
        size = tuple(min(side, 5) for side in x.shape[-2:])
        key = (size, *((p.data_ptr(), p._version, p.dtype, p.device)
                       for p in self.parameters()))
        if self._cache is None or self._cache[0] != key:
            self._cache = (key, fold(self.convs, size))
        return self._cache[1](x)

    def train(self, mode: bool = True) -> LateralConnection:
        """Switch between training and evaluation; forgets what was kept.

        As weights may have been exchanged behind autograd's back.
        """
        self._cache = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._cache = None
        return super()._apply(*args, **kwargs)


class FoldedConvolutions(NamedTuple):
    """The four convolutions as one of 5x5.

    The second 3x3 convolution sees zeros around the map where the folded one
    sees what the first would give there. What a ring of one pixel around the
    map adds falls on the outermost pixels only, and is subtracted: along each
    side by a convolution with that row or column; each corner of the ring is
    then subtracted twice, and added once.

    Attributes:
        kernel: (C, C, 5, 5).
        bias: The answer to zeros, for the rows and columns 0, 1, 2, -2, -1 of
            the map (fewer on smaller maps), (C, 5, 5).
        rows: Kernels for the first and the last row, two of (C, C, 1, 5).
        columns: For the first and the last column, two of (C, C, 5, 1).
        corners: For the corners, top first, left first, four of (C, C, 1, 1).
    """
    kernel: torch.Tensor
    bias: torch.Tensor
    rows: tuple[torch.Tensor, torch.Tensor]
    columns: tuple[torch.Tensor, torch.Tensor]
    corners: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C, H, W) to the same shape."""
        h, w = x.shape[-2:]
        middle = self.bias[:, self.bias.shape[1] // 2, self.bias.shape[2] // 2]
        out = F.conv2d(x, self.kernel, middle, padding=2)
        for at, kernel in zip((slice(0, 1), slice(h - 1, h)), self.rows):
            out[:, :, at] -= F.conv2d(x[:, :, at], kernel, padding=(0, 2))
        for at, kernel in zip((slice(0, 1), slice(w - 1, w)), self.columns):
            out[..., at] -= F.conv2d(x[..., at], kernel, padding=(2, 0))
        ends = [(i, j) for i in (0, h - 1) for j in (0, w - 1)]
        for (i, j), kernel in zip(ends, self.corners):
            out[:, :, i, j] += F.linear(x[:, :, i, j], kernel[..., 0, 0])
        # The bias differs from the middle's in two rows and columns.
        excess = self.bias - middle[:, None, None]
        rows, columns = (_zones(n, x.device) for n in (h, w))
        top, bottom = slice(0, min(2, h)), slice(max(2, h - 2), h)
        for band in (top, bottom):
            out[:, :, band] += excess[:, rows[band]][:, :, columns]
        inner = slice(2, max(2, h - 2))
        for band in (slice(0, min(2, w)), slice(max(2, w - 2), w)):
            out[:, :, inner, band] += excess[:, rows[inner]][...,
                                                             columns[band]]
        return out


def _zones(side: int, device: torch.device) -> torch.Tensor:
    """For each row of a map the row of :attr:`FoldedConvolutions.bias`."""
    zones = torch.arange(side, device=device)
    return zones if side < 5 else zones.clamp(max=2).maximum(zones + 5 - side)


def fold(convs: nn.Sequential, size: tuple[int, int]) -> FoldedConvolutions:
    """Fold convolutions of 1x1, 3x3, 3x3 and 1x1 into one.

    Args:
        convs: The convolutions; the 3x3 ones are padded by one pixel.
        size: Height and width of the map, at most 5 each; larger ones have
            the biases of 5.
    """
    with torch.autocast(convs[0].weight.device.type, enabled=False):
        # 1x1 into 3x3: (2C, C, 3, 3) and (C, 2C, 3, 3)
        first = torch.einsum('omhw,mi->oihw', convs[1].weight,
                             convs[0].weight[..., 0, 0])
        second = torch.einsum('om,mihw->oihw', convs[3].weight[..., 0, 0],
                              convs[2].weight)
        zeros = first.new_zeros(1, convs[0].in_channels, *size)
        # What the ring above the map takes from its first row through the
        # last row of the first kernel goes into that row through the first
        # row of the second; and so on around.
        top, bottom = slice(0, 1), slice(2, 3)
        edges = ((top, bottom), (bottom, top))
        return FoldedConvolutions(
            _compose(second, first),
            convs(zeros)[0],
            tuple(_compose(second[:, :, a], first[:, :, b]) for a, b in edges),
            tuple(_compose(second[..., a], first[..., b]) for a, b in edges),
            tuple(
                _compose(second[:, :, a, c], first[:, :, b, d])
                for a, b in edges for c, d in edges))


def _compose(second: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """The kernel that acts as ``first``, then ``second``.

    Args:
        second: Shape (O, M, h, w).
        first: Shape (M, I, H, W).

    Returns:
        Shape (O, I, H + h - 1, W + w - 1).
    """
    h, w = second.shape[-2:]
    # As a convolution over the images first[:, i], with the kernel mirrored.
    return F.conv2d(
        first.transpose(0, 1), second.flip(2, 3),
        padding=(h - 1, w - 1)).transpose(0, 1).contiguous()
