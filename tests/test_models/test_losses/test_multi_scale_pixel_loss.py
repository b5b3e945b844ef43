from __future__ import annotations

import pytest
import torch

from upocr_mm.models import MultiScalePixelLoss
from upocr_mm.models.task_codecs import ImageTarget


def constant(value: float, size: int) -> torch.Tensor:
    return torch.full((1, 3, size, size), value)


PREDS = [constant(0.1, 1), constant(0.2, 2), constant(0.3, 4)]
TARGET = ImageTarget(constant(0., 4))


def test_l1_by_hand() -> None:
    loss = MultiScalePixelLoss()(PREDS, TARGET, None)
    assert list(loss) == ['loss_pixel']
    assert loss['loss_pixel'].item() == pytest.approx(5 * .1 + 6 * .2 +
                                                      10 * .3)


def test_smooth_l1_by_hand() -> None:
    loss = MultiScalePixelLoss('smooth_l1', weights=(1, 1, 1))
    preds = [constant(0.5, 1), constant(1., 2), constant(3., 4)]
    # x^2 / 2 below 1, x - 1/2 above
    assert loss(preds, TARGET,
                None)['loss_pixel'].item() == pytest.approx(0.125 + 0.5 + 2.5)


def test_region_weights_by_hand() -> None:
    """Both means run over the whole picture."""
    region = torch.zeros(1, 1, 4, 4)
    region[..., :2] = 1
    region[..., 0, 0] = 0  # gone at the smaller scales: nearest, top left
    target = ImageTarget(constant(0., 4), region)
    loss = MultiScalePixelLoss(outside_weights=(0.8, 1, 2))
    quarter = 0.8 * 0.1
    half = 6 * 0.2 * 1 / 4 + 1 * 0.2 * 3 / 4
    full = 10 * 0.3 * 7 / 16 + 2 * 0.3 * 9 / 16
    assert loss(PREDS, target,
                None)['loss_pixel'].item() == pytest.approx(quarter + half +
                                                            full)


def test_ignored_pixels_do_not_count() -> None:
    valid = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    valid[..., :2, :] = False
    image = constant(0., 4)
    image[..., :2, :] = 77.
    loss = MultiScalePixelLoss(weights=(1, ))([constant(0.3, 4)],
                                              ImageTarget(image, valid=valid),
                                              None)
    assert loss['loss_pixel'].item() == pytest.approx(0.3)


def test_nothing_valid() -> None:
    pred = constant(0.3, 4).requires_grad_()
    target = ImageTarget(
        constant(0., 4), valid=torch.zeros(1, 1, 4, 4, dtype=torch.bool))
    loss = MultiScalePixelLoss(weights=(1, ))([pred], target, None)
    loss['loss_pixel'].backward()
    assert loss['loss_pixel'].item() == 0
    assert pred.grad.abs().sum() == 0


def test_errors() -> None:
    with pytest.raises(ValueError, match="'l1' or 'smooth_l1'.*'l2'"):
        MultiScalePixelLoss('l2')
    with pytest.raises(ValueError, match='outside_weights'):
        MultiScalePixelLoss(outside_weights=(1, 2))
    with pytest.raises(ValueError, match='gt_text_mask'):
        MultiScalePixelLoss(outside_weights=(1, 2, 3))(PREDS, TARGET, None)
    with pytest.raises(ValueError, match='3 weights.*2 scales'):
        MultiScalePixelLoss()(PREDS[:2], TARGET, None)
