import torch

from upocr_mm.models.layers import PatchSplit


def test_places_of_the_channels() -> None:
    split = PatchSplit(8).eval()
    with torch.no_grad():
        split.expansion.weight.copy_(torch.eye(4)[:, :2])
        split.norm = torch.nn.Identity()
        # one pixel with the channels 0..7, in groups of two
        out, hw_shape = split(torch.arange(8.).view(1, 1, 8), (1, 1))
    assert hw_shape == (2, 2)
    out = out.view(2, 2, 4)  # row, column, channel
    assert out[0, 0, :2].tolist() == [0, 1]
    assert out[1, 0, :2].tolist() == [2, 3]
    assert out[0, 1, :2].tolist() == [4, 5]
    assert out[1, 1, :2].tolist() == [6, 7]


def test_pixels_stay_at_their_places() -> None:
    split = PatchSplit(8).eval()
    x = torch.zeros(1, 6, 8)
    x[0, 4] = torch.randn(8)  # row 1, column 1 of 2x3
    with torch.no_grad():
        out, hw_shape = split(x, (2, 3))
        empty, _ = split(torch.zeros(1, 6, 8), (2, 3))
    assert hw_shape == (4, 6)
    changed = (out != empty).any(-1).view(4, 6).nonzero().tolist()
    assert changed == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_converted_to_half_precision() -> None:
    split = PatchSplit(8).eval()
    x = torch.randn(1, 6, 8)
    with torch.no_grad():
        expected, _ = split(x, (2, 3))
        found, _ = split.bfloat16()(x.bfloat16(), (2, 3))
    assert (found - expected).abs().mean() < 0.05
