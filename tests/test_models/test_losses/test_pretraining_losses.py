from __future__ import annotations
import math

import pytest
import torch
from mmseg.registry import MODELS

from upocr_mm.models import HingeAdversarialLoss, MaskedPixelLoss


def test_masked_pixel_loss() -> None:
    """Two of four pixels: (1 + 2 + 3 + 0 + 0 + 6) / 2 / 3."""
    pred = torch.zeros(1, 3, 2, 2)
    target = torch.zeros(1, 3, 2, 2)
    target[0, :, 0, 0] = torch.tensor([1., -2., 3.])
    target[0, 2, 1, 1] = 6
    target[0, :, 0, 1] = 100
    mask = torch.tensor([[1., 0], [0, 1]])[None, None]
    assert MaskedPixelLoss()(pred, target, mask).item() == pytest.approx(
        2, rel=1e-5)
    assert MaskedPixelLoss(0.5)(pred, target, mask).item() == pytest.approx(
        1, rel=1e-5)
    assert MaskedPixelLoss()(pred, target, 0 * mask) == 0


def test_dice() -> None:
    """MMSegmentation's: 1 - 2 sum(pt) / (sum(p^2) + sum(t^2) + .002)."""
    loss = MODELS.build(dict(type='DiceLoss', ignore_index=None))
    logits = torch.tensor([[0., 100], [-100, 0]]).view(1, 1, 2, 2)
    text = torch.tensor([[1., 1], [0, 0]]).view(1, 1, 2, 2)
    # p = .5, 1, 0, .5
    expected = 1 - 2 * 1.5 / (1.5 + 2 + .002)
    assert loss(logits, text).item() == pytest.approx(expected)
    # a mean over samples, not over the pixels of all
    both = loss(
        torch.cat([logits, torch.full_like(logits, -100)]),
        torch.cat([text, torch.zeros_like(text)]))
    assert both.item() == pytest.approx((expected + 1) / 2)


def test_hinge() -> None:
    loss = HingeAdversarialLoss(0.1)
    fake = torch.tensor([0.5, -0.25])
    assert loss(fake).item() == pytest.approx(-0.0125)
    found = loss.discriminate(torch.tensor([0.5, 2.]), fake)
    assert found['loss_real'].item() == pytest.approx(0.25)
    assert found['loss_fake'].item() == pytest.approx((1.5 + 0.75) / 2)


@pytest.mark.parametrize('weight', [-1, math.nan, math.inf])
@pytest.mark.parametrize('loss', ['HingeAdversarialLoss', 'MaskedPixelLoss'])
def test_bad_loss_weight(loss: str, weight: float) -> None:
    with pytest.raises(ValueError, match='loss_weight must be finite'):
        MODELS.build(dict(type=loss, loss_weight=weight))
