from __future__ import annotations
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

MIN_PIXELS = 256


class LateralConnection(BaseModule):
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
        self._cache: tuple[Any, tuple[torch.Tensor,
                                      torch.Tensor]] | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature of shape (N, C, H, W) to the same shape."""
        # On small maps the border outweighs what is saved.
        if (self.training or torch.is_grad_enabled()
                or x.shape[-2] * x.shape[-1] < MIN_PIXELS):
            return self.convs(x)
        return self._forward_folded(x)

    @torch.compiler.disable
    def _forward_folded(self, x: torch.Tensor) -> torch.Tensor:
        # Anew when weights were written, moved or converted.
        size = tuple(min(side, 5) for side in x.shape[-2:])
        key = (size, *((p.data_ptr(), p._version, p.dtype, p.device)
                       for p in self.parameters()))
        if self._cache is None or self._cache[0] != key:
            self._cache = (key, (self._fold_kernels(), self._answer_to(size)))
        kernel, bias = self._cache[1]
        h, w = bias.shape[1:]
        middle = bias[:, h // 2, w // 2]
        out = F.conv2d(x, kernel, middle, padding=2)
        _add_at_border(out, bias - middle[:, None, None])
        return self._subtract_ring(out, x)

    def _fold_kernels(self) -> torch.Tensor:
        """The four convolutions as one, (C, C, 5, 5), without biases."""
        w1, k1, k2, w2 = (conv.weight for conv in self.convs)
        with torch.autocast(w1.device.type, enabled=False):
            # 1x1 into 3x3: (2C, C, 3, 3) and (C, 2C, 3, 3)
            first = torch.einsum('omhw,mi->oihw', k1, w1[..., 0, 0])
            second = torch.einsum('om,mihw->oihw', w2[..., 0, 0], k2)
            # The second on the images first[:, i]; mirrored, as a kernel is
            # applied to a kernel.
            kernel = F.conv2d(
                first.transpose(0, 1), second.flip(2, 3), padding=2)
            return kernel.transpose(0, 1).contiguous()

    def _answer_to(self, size: tuple[int, int]) -> torch.Tensor:
        """The answer to zeros, (C, H, W): what the biases add up to.

        From 5 on, only the two outermost rows and columns differ.
        """
        weight = self.convs[0].weight
        with torch.autocast(weight.device.type, enabled=False):
            return self.convs(weight.new_zeros(1, weight.shape[1], *size))[0]

    def _subtract_ring(self, out: torch.Tensor,
                       x: torch.Tensor) -> torch.Tensor:
        """Correct the outermost pixels of the folded convolution, in place.

        The second 3x3 convolution sees zeros around the map; the folded one
        sees what the first gives there, in a ring of one pixel. It falls on
        the outermost pixels, and is computed side by side.
        """
        w1, k1, k2, w2 = (conv.weight for conv in self.convs)
        last = slice(2, 3)
        ends = ((slice(0, 1), last), (slice(-1, None), slice(0, 1)))
        for at, tap in ends:
            # What a row gives above itself comes back by the opposite taps.
            back = slice(0, 1) if tap == last else last
            ring = F.conv2d(
                F.conv2d(x[:, :, at], w1), k1[:, :, tap], padding=(0, 2))
            out[:, :, at] -= F.conv2d(F.conv2d(ring, k2[:, :, back]), w2)
            ring = F.conv2d(
                F.conv2d(x[..., at], w1), k1[..., tap], padding=(2, 0))
            out[..., at] -= F.conv2d(F.conv2d(ring, k2[..., back]), w2)
        # The corners of the ring belong to two sides.
        for row, tap_y in ends:
            for column, tap_x in ends:
                pixel = F.conv2d(
                    F.conv2d(x[:, :, row, column], w1), k1[:, :, tap_y, tap_x])
                kernel = k2.flip(2, 3)[:, :, tap_y, tap_x]
                out[:, :, row, column] += F.conv2d(F.conv2d(pixel, kernel), w2)
        return out

    def train(self, mode: bool = True) -> LateralConnection:
        """Switch between training and evaluation; forgets what was kept.

        As weights may have been exchanged behind autograd's back.
        """
        self._cache = None
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> nn.Module:
        self._cache = None
        return super()._apply(*args, **kwargs)


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
