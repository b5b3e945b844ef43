from __future__ import annotations
from copy import deepcopy

import pytest
import torch
from mmseg.registry import OPTIMIZERS

from upocr_mm.engine import FusedAdamW


def parameters() -> list[torch.nn.Parameter]:
    torch.manual_seed(0)
    return [torch.nn.Parameter(torch.randn(3, n)) for n in (2, 5)]


def train(optimizer: torch.optim.Optimizer, steps: int) -> torch.Tensor:
    params = [p for group in optimizer.param_groups for p in group['params']]
    for _ in range(steps):
        optimizer.zero_grad()
        sum(p.sin().sum() for p in params).backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in params])


@pytest.fixture(params=['fused', 'not fused'])
def build(request, monkeypatch):
    """The optimizer on a machine with and without the kernel."""
    if request.param == 'not fused':
        original = torch.optim.AdamW.__init__

        def refuse(self, params, *args, fused=None, **kwargs):
            if fused:
                for group in params:  # as PyTorch does before it looks
                    if isinstance(group, dict):
                        group['fused'] = True
                raise RuntimeError('`fused=True` requires something else')
            original(self, params, *args, **kwargs)

        monkeypatch.setattr(torch.optim.AdamW, '__init__', refuse)
    return lambda params: OPTIMIZERS.build(
        dict(type='FusedAdamW', params=params, lr=0.1, weight_decay=0.1))


def test_steps_equal_pytorch(build) -> None:
    ours = train(build(parameters()), 5)
    reference = torch.optim.AdamW(parameters(), lr=0.1, weight_decay=0.1)
    assert torch.allclose(ours, train(reference, 5), atol=1e-6)


def test_groups_keep_their_rates(build) -> None:
    params = parameters()
    optimizer = build(
        [dict(params=params[:1], lr=0.),
         dict(params=params[1:])])
    before = params[0].detach().clone()
    train(optimizer, 2)
    assert torch.equal(params[0], before)


@pytest.mark.parametrize('fused', [False, True])
def test_resumes_from_a_state_of_other_kernels(build, fused: bool) -> None:
    straight = build(parameters())
    expected = train(straight, 4)
    first, second = build(parameters()), build(parameters())
    train(first, 2)
    state = deepcopy(first.state_dict())
    for group in state['param_groups']:
        group['fused'] = fused
    targets, sources = (
        optimizer.param_groups[0]['params'] for optimizer in (second, first))
    for target, source in zip(targets, sources):
        target.data.copy_(source)
    second.load_state_dict(state)
    assert torch.allclose(train(second, 2), expected, atol=1e-6)


def test_takes_the_kernel_where_there_is_one() -> None:
    try:
        torch.optim.AdamW(parameters(), fused=True)
        there_is_one = True
    except RuntimeError:
        there_is_one = False
    optimizer = FusedAdamW(parameters())
    assert bool(optimizer.param_groups[0]['fused']) == there_is_one
