from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import PARAM_SCHEDULERS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    import train_chain
    return train_chain


@pytest.mark.parametrize('steps', [3, 40, 5000])
def test_other_lengths(tool, steps: int) -> None:
    """Every schedule can be built and ends with the training."""
    init_default_scope('mmseg')
    for _, config, _ in tool.STAGES:
        cfg = tool.with_steps(ROOT / 'configs' / config, steps)
        assert cfg.train_cfg.max_iters == steps
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.)
        for schedule in cfg.param_scheduler:
            built = PARAM_SCHEDULERS.build(dict(schedule, optimizer=optimizer))
            assert getattr(built, 'end', 0) <= steps or (schedule.type
                                                         == 'MultiStepLR')


def test_stages_begin_where_others_end(tool) -> None:
    names = [name for name, _, _ in tool.STAGES]
    for i, (name, _, before) in enumerate(tool.STAGES):
        assert before is None or names.index(before) == i - 1
    assert names[-2:] == ['upocr', 'upocr-scratch']
    assert tool.STAGES[-1][1] == tool.STAGES[-2][1]


def test_summary(tool, tmp_path: Path, capsys) -> None:
    folder = tmp_path / '1' / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text('{"loss": 2, "a/loss_b": 1}\n'
                                         '{"text_removal/PSNR": 1}\n'
                                         '{"loss": 1.5, "a/loss_b": 0.5}\n')
    tool.describe_losses('x', tool.read_rows(tmp_path))
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ['x', 'a/loss_b', '1.0000', '->', '0.5000']
    assert second.split() == ['x', 'loss', '2.0000', '->', '1.5000']
