from __future__ import annotations

import pytest
import torch
from mmpretrain.models.utils import ShiftWindowMSA

from upocr_mm.models.layers.window_order import Span, shift_masks, window_order

CPU = torch.device('cpu')


@pytest.mark.parametrize('shift', [0, 2])
@pytest.mark.parametrize('hw', [(8, 12), (7, 9), (4, 4), (3, 2), (1, 1)])
def test_merge_is_the_inverse_of_split(hw: tuple[int, int],
                                       shift: int) -> None:
    order = window_order(2, hw, 4, shift, CPU)
    x = torch.randn(2, hw[0] * hw[1], 3)
    windows = order.split(x)
    assert windows.shape == (2 * -(-hw[0] // 4) * -(-hw[1] // 4), 16, 3)
    assert torch.equal(order.merge(windows), x)


def test_windows_by_hand() -> None:
    # 4 x 4 pixels, windows of 2 x 2, shifted by one pixel
    order = window_order(1, (4, 4), 2, 1, CPU)
    x = torch.arange(16.).view(1, 16, 1)
    assert order.split(x)[..., 0].tolist() == [
        [5, 6, 9, 10],  # without a seam
        [7, 4, 11, 8],  # at the right border, beside the left
        [13, 14, 1, 2],  # at the bottom, beside the top
        [15, 12, 3, 0],
    ]
    assert order.spans == (Span(0, 1, 0), Span(1, 2,
                                               1), Span(2, 3,
                                                        2), Span(3, 4, 3))


def test_spans_name_the_masks_of_mmpretrain() -> None:
    order = window_order(3, (12, 20), 4, 2, CPU)
    # mmpretrain's masks, (15 windows, 16, 16), brought into our order
    masks = ShiftWindowMSA.get_attn_mask((12, 20), 4, 2)
    rows = torch.arange(12 * 20).view(1, 12, 20).roll((-2, -2), (1, 2))
    first = ShiftWindowMSA.window_partition(rows[..., None], 4)[:, 0, 0, 0]
    place = {int(token): i for i, token in enumerate(first)}
    assert order.spans[-1].stop == 3 * 15
    for start, stop, kind in order.spans:
        for window in range(start, stop):
            token = int(order.index[window * 16]) % (12 * 20)
            assert torch.equal(
                shift_masks(4, 2, CPU)[kind], masks[place[token]])


def test_parts_of_the_spans() -> None:
    order = window_order(1, (16, 16), 4, 2, CPU)  # 9, 3, 3 and 1 windows
    assert order.part(0, 16) == order.spans
    assert order.part(8, 13) == (Span(0, 1, 0), Span(1, 4, 1), Span(4, 5, 2))
    assert order.part(15, 16) == (Span(0, 1, 3), )


def test_gradient_is_the_inverse() -> None:
    order = window_order(2, (5, 6), 4, 2, CPU)
    x = torch.randn(2, 30, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(order.split, x)
    windows = torch.randn(8, 16, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(order.merge, windows)


def test_first_use_in_inference_mode_does_not_spoil_training() -> None:
    window_order.cache_clear()
    shift_masks.cache_clear()
    with torch.inference_mode():
        window_order(1, (8, 8), 4, 2, CPU)
        shift_masks(4, 2, CPU)
    x = torch.randn(1, 64, 3, requires_grad=True)
    order = window_order(1, (8, 8), 4, 2, CPU)
    (order.split(x).sum() * shift_masks(4, 2, CPU).sum()).backward()
    assert x.grad is not None
