from __future__ import annotations
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F

from .kept import KeepsDerived
from .linear import reduced_precision

MIN_PIXELS = 256


class Folded(NamedTuple):
    """A lateral connection as one convolution, and what differs at the border.

    The second 3x3 convolution sees zeros around the map; the folded one sees
    what the first gives there, in a ring of one pixel. What the ring adds to
    the outermost pixels has to be taken away again; each kernel here does it
    for one side, or for one corner, which belongs to two sides.

    Attributes:
        kernel: (C, C, 5, 5)
        bias: The answer to zeros in the rows and columns 0, 1, 2, -2 and -1,
            (C, 5, 5), fewer for smaller maps: what the biases add up to.
        rows: (C, C, 1, 5) each, for the top and the bottom row.
        columns: (C, C, 5, 1) each, for the left and the right column.
        corners: (C, C, 1, 1) each, row by row.
    """
    kernel: torch.Tensor
    bias: torch.Tensor
    rows: list[torch.Tensor]
    columns: list[torch.Tensor]
    corners: list[torch.Tensor]


class LateralConnection(KeepsDerived):
    """Shortcut from an encoder to a decoder feature of the same size.

    Convolutions 1x1, 3x3 (expanding to twice the channels), 3x3 and 1x1
    (shrinking back), with nothing between them (UPOCR, appendix A.1, "Lateral
    Connection"; EraseNet).

    With nothing between them they are one linear map. In evaluation without
    gradients it is computed as one 5x5 convolution, with 44 % of the
    arithmetic, and corrected at the border, unless the map is small.

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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C, H, W) to the same shape."""
        # On small maps the border outweighs what is saved.
        if (self.training or torch.is_grad_enabled()
                or x.shape[-2] * x.shape[-1] < MIN_PIXELS):
            return self.convs(x)
        return self._forward_folded(x)

    @torch.compiler.disable
    def _forward_folded(self, x: torch.Tensor) -> torch.Tensor:
        size = tuple(min(side, 5) for side in x.shape[-2:])
        folded = self.keep('folded', lambda: self._fold(size),
                           self.parameters(), size,
                           reduced_precision(self.convs[0].weight))
        h, w = folded.bias.shape[1:]
        middle = folded.bias[:, h // 2, w // 2]
        out = F.conv2d(x, folded.kernel, middle, padding=2)
        _add_at_border(out, folded.bias - middle[:, None, None])
        ends = slice(0, 1), slice(-1, None)
        for at, kernel in zip(ends, folded.rows):
            out[:, :, at] -= F.conv2d(x[:, :, at], kernel, padding=(0, 2))
        for at, kernel in zip(ends, folded.columns):
            out[..., at] -= F.conv2d(x[..., at], kernel, padding=(2, 0))
        for i, kernel in enumerate(folded.corners):
            row, column = ends[i // 2], ends[i % 2]
            out[:, :, row, column] += F.conv2d(x[:, :, row, column], kernel)
        return out

    def _fold(self, size: tuple[int, int]) -> Folded:
        first, last, whole = slice(0, 1), slice(2, 3), (slice(None), ) * 2
        # What a row gives above itself comes back by the opposite taps.
        ends = (last, first), (first, last)
        weight = self.convs[0].weight
        with torch.autocast(weight.device.type, enabled=False):
            bias = self.convs(weight.new_zeros(1, weight.shape[1], *size))[0]
        fold = self._fold_kernels
        return Folded(
            fold(whole, whole), bias, [fold(end, whole) for end in ends],
            [fold(whole, end) for end in ends],
            [fold(y, x) for y in ends for x in ends])

    def _fold_kernels(self, rows: tuple[slice, slice],
                      columns: tuple[slice, slice]) -> torch.Tensor:
        """The four convolutions as one, without biases.

        Args:
            rows: Of the kernels of the first and of the second 3x3
                convolution.
            columns: Likewise.

        Returns:
            Shape (C, C, kH, kW), 5x5 for all rows and columns.
        """
        w1, k1, k2, w2 = (conv.weight for conv in self.convs)
        k1 = k1[:, :, rows[0], columns[0]]
        k2 = k2[:, :, rows[1], columns[1]]
        h, w = k2.shape[-2:]
        with torch.autocast(w1.device.type, enabled=False):
            # 1x1 into 3x3: (2C, C, 3, 3) and (C, 2C, 3, 3)
            first = torch.einsum('omhw,mi->oihw', k1, w1[..., 0, 0])
            second = torch.einsum('om,mihw->oihw', w2[..., 0, 0], k2)
            # The second on the images first[:, i]; mirrored, as a kernel is
            # applied to a kernel.
            kernel = F.conv2d(
                first.transpose(0, 1),
                second.flip(2, 3),
                padding=(h - 1, w - 1))
        dtype = reduced_precision(kernel) or kernel.dtype
        return kernel.transpose(0, 1).to(dtype).contiguous()


def _add_at_border(out: torch.Tensor, excess: torch.Tensor) -> None:
    """Add to the two outermost rows and columns, in place.

    Args:
        out: Shape (N, C, H, W).
        excess: For the rows and columns 0, 1, 2, -2 and -1, (C, 5, 5); fewer
            for smaller maps.
    """
    h, w = out.shape[-2:]
    rows, columns = _zones(h, out.device), _zones(w, out.device)
    for band in (slice(0, min(2, h)), slice(max(2, h - 2), h)):
        out[:, :, band] += excess[:, rows[band]][..., columns]
    inner = slice(2, max(2, h - 2))
    for band in (slice(0, min(2, w)), slice(max(2, w - 2), w)):
        out[:, :, inner, band] += excess[:, rows[inner]][..., columns[band]]


def _zones(side: int, device: torch.device) -> torch.Tensor:
    """For each row of a map the one of five that is like it."""
    zones = torch.arange(side, device=device)
    return zones if side < 5 else zones.clamp(max=2).maximum(zones + 5 - side)
