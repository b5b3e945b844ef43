from __future__ import annotations
from pathlib import Path
from typing import Any, Mapping

import torch
from mmengine.hooks import CheckpointHook, Hook
from mmseg.registry import HOOKS

from ...utils import unwrap


@HOOKS.register_module()
class FiniteTrainingHook(Hook):
    """Stops a training whose losses or weights are not finite any more.

    Losses are looked at every ``interval`` iterations (on a CPU in each one;
    on a GPU each look would wait for it), and before every validation and
    checkpoint the weights as well. Before a checkpoint the losses of the last
    batch are computed with the new weights, so that no bad checkpoint is
    written and no good one removed.

    Args:
        interval: Iterations between two looks at the losses.

    Raises:
        ValueError: ``interval`` is below 1.
    """

    # Before the checkpoint hook.
    priority = 'NORMAL'

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ValueError('default_hooks.finite.interval must be at least '
                             f'1, but got {interval}')
        self.interval = interval
        self._seen: list[tuple[int, dict[str, torch.Tensor]]] = []
        self._of_others: tuple[str, int] | None = None

    def before_train(self, runner: Any) -> None:
        """Note which checkpoint another training has left in the folder."""
        if not runner._resume:
            self._of_others = _last_checkpoint(runner)

    def after_train_iter(self,
                         runner: Any,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Mapping[str, Any] | None = None) -> None:
        """Keep the losses, and look at them where it is time.

        Raises:
            FloatingPointError: One is not finite; the message names it.
        """
        losses = {
            name: value.detach()
            for name, value in (outputs or {}).items()
            if 'loss' in name and isinstance(value, torch.Tensor)
        }
        self._seen.append((runner.iter + 1, losses))
        is_due = _is_due(runner)
        if (is_due or len(self._seen) >= self.interval
                or all(not value.is_cuda for value in losses.values())):
            self._check_losses(runner)
        if is_due:
            self._check_weights(runner, runner.model.state_dict())
        if _saves(runner) or _saves_epoch(runner, batch_idx):
            self._look_ahead(runner, data_batch)

    def after_train_epoch(self, runner: Any) -> None:
        """Look at the weights, of which a checkpoint may be written.

        Raises:
            FloatingPointError: A weight is not finite.
        """
        self._check_losses(runner)
        self._check_weights(runner, runner.model.state_dict())

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Look at what will be saved, for instance the means of EMAHook.

        Raises:
            FloatingPointError: A weight is not finite.
        """
        self._check_weights(runner, checkpoint['state_dict'])

    def _check_losses(self, runner: Any) -> None:
        seen, self._seen = self._seen, []
        for iteration, losses in seen:
            bad = {
                name: value.item()
                for name, value in losses.items()
                if not torch.isfinite(value).all()
            }
            # mmengine's sum of the others, named only if it is alone
            named = {k: v for k, v in bad.items() if k != 'loss'} or bad
            if named:
                tasks = sorted({k.split('/')[0] for k in named if '/' in k})
                of = f' (task {", ".join(tasks)})' if tasks else ''
                text = ', '.join(f'{k} is {v}' for k, v in named.items())
                self._stop(runner, f'{text}{of} in iteration {iteration}')

    def _check_weights(self, runner: Any, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            if (isinstance(value, torch.Tensor) and value.is_floating_point()
                    and not torch.isfinite(value).all()):
                self._stop(
                    runner, f'the weights {name} are not finite after '
                    f'iteration {runner.iter + 1}')

    def _look_ahead(self, runner: Any, data_batch: Any) -> None:
        """Compute the losses that the next iteration may have.

        Weights can be finite and yet so large that nothing comes of them.
        """
        model = unwrap(runner.model)
        modes = {module: module.training for module in model.modules()}
        model.eval()  # no drop path: it draws nothing
        try:
            with torch.no_grad():
                batch = model.data_preprocessor(data_batch, True)
                losses = model(**batch, mode='loss')
        finally:
            for module, mode in modes.items():
                module.training = mode
        bad = [
            name for name, value in losses.items()
            if isinstance(value, torch.Tensor)
            and not torch.isfinite(value).all()
        ]
        if bad:
            self._stop(
                runner, f'with the weights after iteration {runner.iter + 1} '
                f'{", ".join(bad)} would not be finite')

    def _stop(self, runner: Any, text: str) -> None:
        kept = 'no checkpoint was written before'
        last = _last_checkpoint(runner)
        if last and last != self._of_others:
            kept = f'the last good checkpoint is {last[0]}'
        raise FloatingPointError(
            f'{text}: the training was stopped, {kept}; a lower learning rate '
            '(optim_wrapper.optimizer.lr) or a smaller weight of this loss '
            'may help')


def _is_due(runner: Any) -> bool:
    """Whether a validation or a checkpoint follows this iteration."""
    loop = runner.train_loop
    validates = runner.val_loop is not None and loop.val_interval > 0 and (
        (runner.iter + 1) % loop.val_interval == 0)
    return (validates or _saves(runner) or runner.iter + 1 == runner.max_iters)


def _saves(runner: Any) -> bool:
    """Whether a checkpoint follows this iteration."""
    return any(
        isinstance(hook, CheckpointHook) and not hook.by_epoch and (
            hook.every_n_train_iters(runner, hook.interval, hook.save_begin)
            or hook.save_last and runner.iter + 1 == runner.max_iters)
        for hook in runner.hooks)


def _saves_epoch(runner: Any, batch_idx: int) -> bool:
    """Whether an epoch ends with this iteration, and a checkpoint follows."""
    return any(
        isinstance(hook, CheckpointHook) and hook.by_epoch
        and hook.end_of_epoch(runner.train_dataloader, batch_idx) and (
            hook.every_n_epochs(runner, hook.interval, hook.save_begin)
            or hook.save_last and hook.is_last_train_epoch(runner))
        for hook in runner.hooks)


def _last_checkpoint(runner: Any) -> tuple[str, int] | None:
    """Name of the last checkpoint in the folder, and when it was noted."""
    file = Path(runner.work_dir, 'last_checkpoint')
    if not file.is_file():
        return None
    text = file.read_text(errors='replace')
    return text.strip(), file.stat().st_mtime_ns
