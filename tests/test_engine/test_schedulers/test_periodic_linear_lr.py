from __future__ import annotations
import json

import pytest
import torch
from reference_model import DATA

from upocr_mm.engine import PeriodicLinearLR

RATES = json.loads((DATA / 'parity_training_tiny.json').read_text())['lr']


def rates(iterations: int, lrs=(5e-4, 5e-5), **kwargs) -> list[list[float]]:
    """Rates of each group in each iteration."""
    optimizer = torch.optim.SGD(
        [dict(params=[torch.zeros(1)], lr=lr) for lr in lrs])
    scheduler = PeriodicLinearLR(optimizer, **kwargs)
    result = []
    for _ in range(iterations):
        result.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return result


def test_equals_the_reference_exactly() -> None:
    """400 periods; the rates of the main group to the last bit."""
    found = rates(400, period=1, end=400, warmup_periods=10)
    assert [main for main, _ in found] == RATES
    assert [encoder for _, encoder in found
            ] == pytest.approx([rate / 10 for rate in RATES], rel=1e-12)


def test_steps_once_a_period() -> None:
    found = rates(2500, period=200, end=80000, warmup_periods=10)
    for i, (main, _) in enumerate(found):
        assert main == RATES[i // 200]


def test_stays_after_the_end() -> None:
    found = rates(12, lrs=[1.], period=2, end=8, end_factor=0.1)
    assert [rate for rate, in found] == [
        0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1
    ]


def test_resume() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=5e-4)
    scheduler = PeriodicLinearLR(
        optimizer, period=2, end=800, warmup_periods=10)
    for _ in range(31):
        optimizer.step()
        scheduler.step()
    other = torch.optim.SGD([torch.zeros(1)], lr=5e-4)
    resumed = PeriodicLinearLR(other, period=2, end=800, warmup_periods=10)
    resumed.load_state_dict(scheduler.state_dict())
    other.load_state_dict(optimizer.state_dict())
    for _ in range(5):
        for o, s in (optimizer, scheduler), (other, resumed):
            o.step()
            s.step()
        assert other.param_groups[0]['lr'] == optimizer.param_groups[0]['lr']


@pytest.mark.parametrize('kwargs, text', [
    (dict(period=200, end=300), 'multiple of period'),
    (dict(period=0, end=300), 'multiple of period'),
    (dict(period=1, end=5, warmup_periods=6), r'0\.\.5'),
    (dict(period=1, end=5, by_epoch=True), 'by_epoch=False'),
])
def test_errors(kwargs: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        rates(1, **kwargs)
