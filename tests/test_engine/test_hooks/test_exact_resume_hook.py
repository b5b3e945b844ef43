from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from tiny_run import tiny_cfg


def run(cfg, seen: list) -> dict[str, torch.Tensor]:
    """Train; note the samples of each iteration; return the weights."""
    runner = Runner.from_cfg(cfg)
    step = runner.model.train_step

    def train_step(data: dict, optim_wrapper) -> dict:
        seen.append([
            (sample.task, sample.sample_idx, image.sum().item())
            for image, sample in zip(data['inputs'], data['data_samples'])
        ])
        return step(data, optim_wrapper)

    runner.model.train_step = train_step
    runner.train()
    return runner.model.state_dict()


@pytest.mark.parametrize('num_workers', [0, 2])
def test_resumed_run_equals_straight_run(tmp_path: Path, drawn_data: Path,
                                         num_workers: int) -> None:
    """Same samples, augmentation, stochastic depth and, bit by bit, weights.

    Validation, which comes in between, changes nothing either.
    """

    def config(name: str, iters: int, val_interval: int):
        cfg = tiny_cfg(tmp_path / name, drawn_data, iters=6)
        cfg.model.backbone.drop_path_rate = 0.3
        cfg.model.decode_head.drop_path_rate = 0.3
        cfg.train_cfg.max_iters = iters
        cfg.train_cfg.val_interval = val_interval
        cfg.train_dataloader.num_workers = num_workers
        cfg.train_dataloader.persistent_workers = num_workers > 0
        return cfg

    straight: list = []
    expected = run(config('straight', 6, 100), straight)
    assert len({tuple(map(tuple, batch)) for batch in straight}) == 6

    first: list = []
    run(config('stopped', 4, 2), first)
    assert first == straight[:4]
    cfg = config('stopped', 6, 100)
    cfg.resume = True
    second: list = []
    found = run(cfg, second)
    assert second == straight[4:]
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_other_seed_other_run(tmp_path: Path, drawn_data: Path) -> None:
    seen: list = []
    for seed in 0, 1:
        cfg = tiny_cfg(tmp_path / str(seed), drawn_data, iters=1)
        cfg.randomness.seed = seed
        run(cfg, seen)
    assert seen[0] != seen[1]
