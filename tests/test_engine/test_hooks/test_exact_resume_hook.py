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


def initial_weights(file: Path, drawn_data: Path) -> Path:
    """Weights that a training can start from, without its state."""
    runner = Runner.from_cfg(tiny_cfg(file.parent / 'initial', drawn_data))
    torch.save(dict(state_dict=runner.model.state_dict(), meta={}), file)
    return file


def train_from(start: Path, work_dir: Path, drawn_data: Path, iters: int,
               name: str) -> Runner:
    """Train with `--resume`, from initial weights."""
    cfg = tiny_cfg(work_dir, drawn_data, iters=iters)
    cfg.experiment_name = name
    cfg.load_from, cfg.resume = str(start), True
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_resumes_from_the_latest_checkpoint(tmp_path: Path,
                                            drawn_data: Path) -> None:
    """And not from `load_from`, where the training started."""
    start = initial_weights(tmp_path / 'start.pth', drawn_data)
    # Nothing to resume: it starts, from the weights.
    train_from(start, tmp_path / 'run', drawn_data, 1, 'first')
    log = next((tmp_path / 'run').glob('*/*.log')).read_text()
    assert f'Load checkpoint from {start}' in log
    # Then the weights are not needed any more.
    start.unlink()
    runner = train_from(start, tmp_path / 'run', drawn_data, 3, 'second')
    history = runner.message_hub.get_scalar('train/loss').data[1]
    assert len(history) == 3  # one of the checkpoint and two of its own


def test_a_chosen_checkpoint_is_resumed(tmp_path: Path,
                                        drawn_data: Path) -> None:
    """One of the run itself, or of another training."""
    start = initial_weights(tmp_path / 'start.pth', drawn_data)
    work_dir = tmp_path / 'run'
    train_from(start, work_dir, drawn_data, 2, 'first')
    train_from(work_dir / 'iter_1.pth', work_dir, drawn_data, 2, 'again')
    for folder, name in (work_dir, 'again'), (tmp_path / 'new', 'new'):
        if name == 'new':
            train_from(work_dir / 'iter_1.pth', folder, drawn_data, 2, name)
        newest = max(folder.glob('*/*.log'), key=lambda p: p.stat().st_mtime)
        assert 'resumed epoch: 0, iter: 1' in newest.read_text()


def test_weights_of_the_package(tmp_path: Path, drawn_data: Path,
                                monkeypatch) -> None:
    """A training starts from them once, and is then resumed from its own."""
    start = initial_weights(tmp_path / 'start.pth', drawn_data)
    monkeypatch.setattr('upocr_mm.checkpoint.package_weights.find_model',
                        lambda *_: (None, start))
    name = 'upocr://small'
    runner = train_from(name, tmp_path / 'run', drawn_data, 1, 'one')
    assert runner.iter == 1
    runner = train_from(name, tmp_path / 'run', drawn_data, 3, 'two')
    history = runner.message_hub.get_scalar('train/loss').data[1]
    assert len(history) == 3
