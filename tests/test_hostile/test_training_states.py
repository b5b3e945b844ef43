"""What `--resume` takes over besides the weights."""
from __future__ import annotations
import copy
import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import Case
from mmengine.optim import (CosineAnnealingLR, LinearLR, OptimWrapper,
                            OptimWrapperDict, ReduceOnPlateauLR)
from mmengine.optim.scheduler import MultiStepLR

from upocr_mm.checkpoint import compare_training, require_training

PARAMETERS = (2, 3), (3, )


def optimizer(kind: type = torch.optim.AdamW, **options: Any) -> Any:
    """An optimizer of two groups, without a step."""
    groups = [dict(params=[torch.nn.Parameter(torch.ones(shape))])
              for shape in PARAMETERS]  # yapf: disable
    return kind(groups, lr=0.1, **options)


def stepped(kind: type = torch.optim.AdamW, **options: Any) -> Any:
    """The same after a step."""
    made = optimizer(kind, **options)
    for group in made.param_groups:
        for parameter in group['params']:
            parameter.grad = torch.ones_like(parameter)
    made.step()
    return made


def content_of(made: Any, schedulers: list) -> dict[str, Any]:
    """As mmengine's Runner saves it."""
    return dict(
        meta=dict(iter=1, epoch=0, seed=3),
        message_hub=dict(log_scalars={}, runtime_info={}, resumed_keys={}),
        optimizer=made.state_dict(),
        param_schedulers=[entry.state_dict() for entry in schedulers])


def schedulers_of(made: Any) -> list:
    return [
        LinearLR(made, start_factor=0.1, end=5, by_epoch=False),
        MultiStepLR(made, [3, 5], by_epoch=False),
        ReduceOnPlateauLR(made, monitor='a')
    ]


def resume(folder: Path, change: Any) -> str:
    """Resume a training from its own checkpoint, changed."""
    made = stepped()
    content = copy.deepcopy(content_of(made, schedulers_of(made)))
    change(content)
    require_training(content, 'x.pth')
    now = OptimWrapper(optimizer())
    compare_training(content, 'x.pth', now, schedulers_of(now.optimizer))
    return 'goes on'


def put(value: Any, *path: Any):
    """Sets an entry of a checkpoint."""

    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


GROUP = 'optimizer', 'param_groups', 0
MOMENTS = 'optimizer', 'state', 0
CASES = {
    'nothing changed': (lambda content: None, 'goes on'),
    'iteration': (put(-5, 'meta', 'iter'), r"'iter'\] must be .* is -5"),
    'iteration a switch': (put(True, 'meta', 'iter'), 'must be .* is True'),
    'seed': (put('abc', 'meta', 'seed'), r"'seed'\] must be .* is 'abc'"),
    'no seed': (put(None, 'meta', 'seed'), 'goes on'),
    'optimizer empty': (put({}, 'optimizer'), 'optimizer must have a dict st'),
    'hub empty': (put({}, 'message_hub'), r"lacks message_hub\['log_scalars'"),
    'hub of numbers': (put(3, 'message_hub', 'runtime_info'),
                       r"lacks message_hub\['runtime_info'"),
    'step of text': (put('x', *MOMENTS, 'step'), '0.step must be a number of'),
    'step negative': (put(torch.tensor(-5.), *MOMENTS, 'step'), 'at least 0'),
    'steps': (put(torch.ones(3), *MOMENTS, 'step'), '0.step must be a number'),
    'moments lost': (put({}, *MOMENTS), 'state.0 must be a dict with exp_avg'),
    'moments None': (put(None, *MOMENTS, 'exp_avg'), 'must be a tensor of'),
    'moments integers': (put(torch.ones(2, 3, dtype=torch.int64), *MOMENTS,
                             'exp_avg'), 'must be of floating point, but is'),
    'moments not finite': (put(torch.full((2, 3), math.nan), *MOMENTS,
                               'exp_avg'), 'has values that are not finite'),
    'squares negative': (put(-torch.ones(2, 3), *MOMENTS, 'exp_avg_sq'),
                         'exp_avg_sq has values that are negative'),
    'rate negative': (put(-1., *GROUP, 'lr'), 'number of at least 0, but is'),
    'rate endless': (put(10**400, *GROUP, 'lr'), 'lr must be a finite'),
    'rate complex': (put(torch.tensor(1j), *GROUP, 'lr'), 'lr must be a '),
    'no rate': (lambda c: c['optimizer']['param_groups'][0].pop('lr'),
                'param_groups.0 lacks lr, which AdamW has; what belongs to a'),
    'betas above 1': (put((5., 5.), *GROUP, 'betas'), 'betas.0 must be below'),
    'a switch of the version': (put(None, *GROUP, 'amsgrad'), 'goes on'),
    'state a number': (put({0: 3}, 'optimizer', 'state'),
                       'optimizer.state.0 must be a dict, but is 3'),
    'state of another': (put({7: {}}, 'optimizer', 'state'),
                         'optimizer.state.7 must be of a parameter'),
    'another shape': (put(torch.ones(3, 2), 'optimizer', 'state', 0,
                          'exp_avg'), r'exp_avg must be .* \(2, 3\), but has '
                      r'the shape \(3, 2\)'),
    'a number as tensor': (put(3, 'optimizer', 'state', 1, 'exp_avg_sq'),
                           r'exp_avg_sq must be .*\(3,\), but is 3'),
    'rate of text': (put('x', *GROUP, 'lr'), '0.lr must be a finite number'),
    'rate not a number': (put(math.nan, *GROUP, 'lr'), 'lr must be a finite'),
    'betas a number': (put(3, *GROUP, 'betas'), 'betas must be a list of 2'),
    'betas of text': (put(('a', 'b'), *GROUP, 'betas'), 'betas.0 must be a'),
    'a switch of text': (put('x', *GROUP, 'amsgrad'), 'True or False'),
    'no groups': (put([], 'optimizer', 'param_groups'), 'groups must be a list'
                  ' of 2, but is'),
    'groups of numbers': (put([3, 3], 'optimizer', 'param_groups'),
                          'param_groups.0 must be a dict, but is 3'),
    'other parameters': (put([0, 1], *GROUP, 'params'), 'params must be a lis'
                         't of 1'),
    'schedulers a number': (put(3, 'param_schedulers'), 'must be a list of'),
    'schedulers of numbers': (put([3], 'param_schedulers'),
                              'param_schedulers.0 must be a dict'),
    'a function replaced': (put(3, 'param_schedulers', 0, 'step'),
                            'schedulers.0.step must be left out'),
    'last step of text': (put('x', 'param_schedulers', 0, 'last_step'),
                          'last_step must be a finite number'),
    'fewer rates': (put([.1], 'param_schedulers', 0, 'base_values'),
                    'base_values must be a list of 2'),
    'milestones': (put(3, 'param_schedulers', 1, 'milestones'), 'a dict'),
    'last step negative': (put(-5, 'param_schedulers', 0, 'last_step'),
                           'last_step must be a finite number of at least -1'),
    'other counting': (put(True, 'param_schedulers', 0, 'by_epoch'),
                       'by_epoch must be False, but is True'),
    'another order': (lambda c: c['param_schedulers'].reverse(),
                      'is not of a LinearLR, they differ in'),
    'an entry more': (put(3, 'param_schedulers', 0, 'optimizer'),
                      'differ in optimizer'),
    'fewer schedulers': (lambda c: c['param_schedulers'].pop(), 'goes on'),
}  # yapf: disable


@pytest.mark.parametrize('name', list(CASES))
def test_states(name: str, hostile) -> None:
    change, says = CASES[name]
    hostile(
        Case(
            f'resume: {name}',
            lambda folder: None,
            partial(resume, change=change),
            says,
            raises=() if says == 'goes on' else ValueError))


@pytest.mark.parametrize('kind, options', [
    (torch.optim.SGD, dict(momentum=0.9)),
    (torch.optim.SGD, {}),
    (torch.optim.Adam, dict(amsgrad=True)),
    (torch.optim.RMSprop, dict(centered=True)),
    (torch.optim.Adagrad, {}),
    (torch.optim.NAdam, {}),
])
def test_other_optimizers(kind: type, options: dict) -> None:
    content = content_of(stepped(kind, **options), [])
    compare_training(content, 'x.pth', OptimWrapper(optimizer(kind)), None)


def test_another_optimizer() -> None:
    content = content_of(stepped(), [])
    with pytest.raises(
            ValueError,
            match='x.pth .*param_groups.0 lacks momentum, dampening, which '
            'SGD has; .* load_from'):
        compare_training(content, 'x.pth',
                         OptimWrapper(optimizer(torch.optim.SGD)), None)


@pytest.mark.parametrize('options', [
    dict(foreach=False),
    dict(foreach=True),
    dict(amsgrad=True, weight_decay=0),
])
def test_other_options(options: dict) -> None:
    content = content_of(stepped(), [])
    now = OptimWrapper(optimizer(**options))
    compare_training(content, 'x.pth', now, None)


def test_schedulers_that_have_run() -> None:
    """And with another floor, which the checkpoint replaces."""
    made = stepped()
    before = [*schedulers_of(made), CosineAnnealingLR(made, 5, eta_min=0.)]
    for scheduler in before[:-2]:
        scheduler.step()
    before[2].step(dict(a=1.))
    content = content_of(made, before)
    now = OptimWrapper(optimizer())
    compare_training(content, 'x.pth', now, [
        *schedulers_of(now.optimizer),
        CosineAnnealingLR(now.optimizer, 5, eta_min_ratio=.1)
    ])


def test_several_optimizers() -> None:
    """By name; what their wrappers keep besides does not matter."""
    made = stepped()
    content = content_of(made, [])
    content['optimizer'] = dict(a=made.state_dict(), b=made.state_dict())
    content['param_schedulers'] = dict(a=[], b=[])
    now = OptimWrapperDict(
        a=OptimWrapper(optimizer()), b=OptimWrapper(optimizer()))
    compare_training(content, 'x.pth', now, dict(a=[], b=[]))
    content['optimizer']['b'] = 3
    with pytest.raises(ValueError, match='optimizer.b must be a dict with'):
        compare_training(content, 'x.pth', now, None)
