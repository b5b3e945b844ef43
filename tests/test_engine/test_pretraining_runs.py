"""SegMIM's stages, ViTEraser and UPOCR, each from the one before."""
from __future__ import annotations
import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from pretraining_run import pretraining_cfg
from tiny_run import tiny_cfg

from upocr_mm.checkpoint.compare import DERIVED


def train(cfg: Config) -> Runner:
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


@pytest.mark.parametrize('stage', ['segmim', 'encoder', 'viteraser'])
def test_resumed_run_equals_straight_run(tmp_path: Path, drawn_data: Path,
                                         stage: str) -> None:
    """Bit by bit: weights, and the state of every optimizer."""

    def config(name: str, iters: int) -> Config:
        cfg = pretraining_cfg(stage, tmp_path / name, drawn_data, 4)
        cfg.train_cfg.max_iters = iters
        cfg.model.backbone.drop_path_rate = 0.3
        return cfg

    straight = train(config('straight', 4))
    train(config('stopped', 2))
    cfg = config('stopped', 4)
    cfg.resume = True
    resumed = train(cfg)
    assert resumed.iter == 4
    found = resumed.model.state_dict()
    for name, value in straight.model.state_dict().items():
        assert torch.equal(found[name], value), name
    first, second = (
        torch.load(tmp_path / name / 'iter_4.pth',
                   weights_only=False)['optimizer']
        for name in ('straight', 'stopped'))
    assert repr(first) == repr(second)
    if stage == 'viteraser':
        assert set(first) == {'generator', 'discriminator'}


class StartHook(Hook):
    """Notes the weights that a training starts from."""

    def before_train(self, runner: Runner) -> None:
        self.state = copy.deepcopy(runner.model.state_dict())


def log_of(work_dir: Path) -> str:
    return max(work_dir.glob('*/*.log')).read_text()


def test_chain(tmp_path: Path, drawn_data: Path) -> None:
    """What each stage learned starts the next one; no key is unexplained."""
    states, last = {}, None
    for stage in 'segmim', 'encoder', 'viteraser', 'upocr':
        if stage == 'upocr':
            cfg = tiny_cfg(tmp_path / stage, drawn_data, iters=1)
        else:
            cfg = pretraining_cfg(stage, tmp_path / stage, drawn_data, iters=1)
        cfg.load_from = last and str(last)
        # which is to start, not to resume, from the stage before
        cfg.resume = True
        runner = Runner.from_cfg(cfg)
        start = StartHook()
        runner.register_hook(start)
        runner.train()
        if last is not None:
            state = start.state
            before = torch.load(last, weights_only=False)['state_dict']
            taken = {k for k in before if k in state and not DERIVED.search(k)}
            assert all(torch.equal(before[k], state[k]) for k in taken)
            states[stage] = set(state) - set(before), set(before) - set(state)
            log = log_of(tmp_path / stage)
            assert 'unexpected key' not in log
            assert 'size mismatch' not in log
        last = tmp_path / stage / 'iter_1.pth'

    def parts(names: set[str]) -> set[str]:
        return {'.'.join(name.split('.')[:2]) for name in names}

    assert states['encoder'] == (set(), set())
    new, old = states['viteraser']
    assert parts(old) == {'backbone.mask_token', 'text_head.conv'}
    assert parts(new) == {
        'decode_head.norms', 'decode_head.output_convs', 'mask_branch.deconv',
        'mask_branch.conv', 'discriminator.global_branch',
        'discriminator.local_branch', 'discriminator.fusion'
    }
    new, old = states['upocr']
    assert parts(new) == {'task_prompt.prompts'}
    assert {name.split('.')[0]
            for name in old} == {'mask_branch', 'discriminator'}


def test_segmim_starts_upocr(tmp_path: Path, drawn_data: Path) -> None:
    """Table 11; and only a start, not a test, may do without weights."""
    train(pretraining_cfg('segmim', tmp_path / 'segmim', drawn_data, 1))
    file = str(tmp_path / 'segmim' / 'iter_1.pth')
    cfg = tiny_cfg(tmp_path / 'start', drawn_data, iters=1)
    cfg.load_from = file
    train(cfg)
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.load_from = file
    with pytest.raises(ValueError, match='keys are missing: decode_head'):
        Runner.from_cfg(cfg).test()


def test_errors_before_the_training(tmp_path: Path, drawn_data: Path) -> None:

    def fails(cfg: Config, error: type, message: str) -> None:
        with pytest.raises(error, match=message):
            Runner.from_cfg(cfg).train()
        assert not list(Path(cfg.work_dir).glob('*.pth'))

    # the second stage without the file of the first
    cfg = pretraining_cfg('encoder', tmp_path / 'a', drawn_data)
    cfg.load_from = str(tmp_path / 'segmim_nano_stage1.pth')
    fails(cfg, FileNotFoundError,
          'segmim_nano_stage1.pth does not exist.*train the stage before it')
    # a discriminator too deep for the pictures
    cfg = pretraining_cfg('viteraser', tmp_path / 'b', drawn_data)
    cfg.model.discriminator.channels = (8, ) * 5
    fails(
        cfg, ValueError, r'32x32, but the discriminator \(5 convolutions\) '
        'needs at least 128x128')
    # one of other channels than the checkpoint's
    train(pretraining_cfg('viteraser', tmp_path / 'c', drawn_data, 1))
    cfg = pretraining_cfg('viteraser', tmp_path / 'd', drawn_data)
    cfg.load_from = str(tmp_path / 'c' / 'iter_1.pth')
    cfg.model.discriminator.channels = (8, 8, 4)
    fails(cfg, ValueError, 'of another shape: discriminator.global_branch.2')
    # one optimizer for two players
    cfg = pretraining_cfg('viteraser', tmp_path / 'e', drawn_data)
    cfg.optim_wrapper.pop('generator')
    fails(cfg, ValueError, "optim_wrapper needs an entry 'generator'")
