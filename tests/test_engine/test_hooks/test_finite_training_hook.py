from __future__ import annotations
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.runner import Runner
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import load_tensors
from upocr_mm.engine import FiniteTrainingHook


def failing_run(work_dir: Path, data: Path, fail, epochs: bool = False) -> str:
    """Train; `fail(runner, iteration, losses)` spoils something."""
    cfg = tiny_cfg(work_dir, data, iters=3)
    cfg.train_cfg.val_interval = 100
    cfg.default_hooks.checkpoint.max_keep_ckpts = 1
    if epochs:  # of one iteration
        cfg.train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=100)
        cfg.default_hooks.checkpoint.update(by_epoch=True, interval=1)
        cfg.log_processor.by_epoch = True
        cfg.param_scheduler = None
        del cfg.train_dataloader['batch_sampler']
        cfg.train_dataloader.update(
            batch_size=1000, sampler=dict(type='DefaultSampler'))
    runner = Runner.from_cfg(cfg)
    loss = runner.model.loss

    def spoiled(inputs, data_samples) -> dict:
        losses = loss(inputs, data_samples)
        fail(runner, runner.iter + 1, losses)
        return losses

    runner.model.loss = spoiled
    with pytest.raises(FloatingPointError) as error:
        runner.train()
    assert '\n' not in str(error.value)
    return str(error.value)


def test_loss(tmp_path: Path, drawn_data: Path) -> None:

    def fail(runner, iteration: int, losses: dict) -> None:
        if iteration == 3:
            losses['text_segmentation/loss_pixel'] *= torch.nan

    text = failing_run(tmp_path / 'run', drawn_data, fail)
    assert text.startswith(
        'text_segmentation/loss_pixel is nan (task text_segmentation) '
        'in iteration 3: the training was stopped, the last good checkpoint '
        f'is {tmp_path}/run/iter_2.pth')
    # It is still there, the only one, and good.
    kept, = (tmp_path / 'run').glob('*.pth')
    state = load_tensors(str(kept))['state_dict']
    assert all(torch.isfinite(v).all() for v in state.values())


def test_gradient(tmp_path: Path, drawn_data: Path) -> None:
    """The losses are good, the weights not: no checkpoint of them."""

    def fail(runner, iteration: int, losses: dict) -> None:
        if iteration == 2:
            runner.model.projection.bias.register_hook(lambda g: g * torch.nan)

    text = failing_run(tmp_path / 'run', drawn_data, fail)
    assert 'are not finite after iteration 2: the training was' in text
    assert [f.name for f in (tmp_path / 'run').glob('*.pth')] == ['iter_1.pth']


@pytest.mark.parametrize('epochs', [False, True])
def test_huge_weights(epochs: bool, tmp_path: Path, drawn_data: Path) -> None:
    """Finite, but nothing comes of them: no checkpoint, none is removed."""

    def fail(runner, iteration: int, losses: dict) -> None:
        if iteration == 2:
            bias = runner.model.projection.bias
            runner.optim_wrapper.step = lambda *args, **kwargs: (
                bias.data.fill_(1e30))

    text = failing_run(tmp_path / 'run', drawn_data, fail, epochs)
    assert 'with the weights after iteration 2 ' in text
    assert 'would not be finite: the training was stopped, the last' in text
    assert [f.name for f in (tmp_path / 'run').glob('*.pth')
            ] == ['epoch_1.pth' if epochs else 'iter_1.pth']


def test_folder_of_another_training(tmp_path: Path, drawn_data: Path) -> None:
    """Its checkpoint is not called one of this training."""
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'last_checkpoint').write_text('iter_7.pth')

    def fail(runner, iteration: int, losses: dict) -> None:
        losses['text_removal/loss_pixel'] *= torch.nan

    text = failing_run(tmp_path / 'run', drawn_data, fail)
    assert 'was stopped, no checkpoint was written before' in text


def looked_at(runner, hook: FiniteTrainingHook, losses: list[float]) -> None:
    """Show the hook losses that are on a GPU."""
    for iteration, value in enumerate(losses):
        runner.iter = iteration
        loss = torch.tensor(value).as_subclass(OnGPU)
        hook.after_train_iter(runner, iteration, outputs=dict(loss_x=loss))


class OnGPU(torch.Tensor):
    """Says that it is on a GPU."""

    is_cuda = True


def test_on_a_gpu(tmp_path: Path) -> None:
    """One look in an interval; the first bad iteration is named."""
    loop = SimpleNamespace(val_interval=100)
    runner = SimpleNamespace(
        iter=0,
        max_iters=100,
        train_loop=loop,
        val_loop=None,
        hooks=[],
        work_dir=str(tmp_path))
    with pytest.raises(FloatingPointError) as error:
        looked_at(runner, FiniteTrainingHook(3), [1, 2, 3, 4, torch.inf, 1, 1])
    assert str(error.value).startswith(
        'loss_x is inf in iteration 5: the training was stopped, no '
        'checkpoint was written before')
    assert runner.iter == 5


def test_interval() -> None:
    with pytest.raises(ValueError, match='finite.interval must be at least 1'):
        FiniteTrainingHook(0)
