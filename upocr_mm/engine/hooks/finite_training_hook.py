from __future__ import annotations
from pathlib import Path
from typing import Any, Mapping

import torch
from mmengine.hooks import CheckpointHook, Hook
from mmseg.registry import HOOKS


@HOOKS.register_module()
class FiniteTrainingHook(Hook):
    """Stops a training whose losses or weights are not finite any more.

    Losses are looked at every ``interval`` iterations (on a CPU in each one;
    on a GPU each look would wait for it), and before every validation and
    checkpoint the weights as well, so that no checkpoint with such weights is
    written and none that is good is removed.

    Args:
        interval: Iterations between two looks at the losses.

    Raises:
        ValueError: ``interval`` is below 1.
    """

    # Before the checkpoint hook, which removes old ones and then writes.
    priority = 'NORMAL'

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ValueError('default_hooks.finite.interval must be at least '
                             f'1, but got {interval}')
        self.interval = interval
        self._seen: list[tuple[int, dict[str, torch.Tensor]]] = []

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
            _check_weights(runner, runner.model.state_dict())

    def after_train_epoch(self, runner: Any) -> None:
        """Look at the weights, of which a checkpoint may be written.

        Raises:
            FloatingPointError: A weight is not finite.
        """
        self._check_losses(runner)
        _check_weights(runner, runner.model.state_dict())

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Look at what will be saved, for instance the means of EMAHook.

        Raises:
            FloatingPointError: A weight is not finite.
        """
        _check_weights(runner, checkpoint['state_dict'])

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
                _stop(runner, f'{text}{of} in iteration {iteration}')


def _is_due(runner: Any) -> bool:
    """Whether a validation or a checkpoint follows this iteration."""
    loop = runner.train_loop
    validates = runner.val_loop is not None and loop.val_interval > 0 and (
        (runner.iter + 1) % loop.val_interval == 0)
    saves = any(
        isinstance(hook, CheckpointHook) and not hook.by_epoch
        and hook.every_n_train_iters(runner, hook.interval, hook.save_begin)
        for hook in runner.hooks)
    return validates or saves or runner.iter + 1 == runner.max_iters


def _check_weights(runner: Any, state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        if (isinstance(value, torch.Tensor) and value.is_floating_point()
                and not torch.isfinite(value).all()):
            _stop(
                runner, f'the weights {name} are not finite after iteration '
                f'{runner.iter + 1}')


def _stop(runner: Any, text: str) -> None:
    file = Path(runner.work_dir, 'last_checkpoint')
    kept = 'no checkpoint was written before'
    if file.is_file():
        kept = f'the last good checkpoint is {file.read_text().strip()}'
    raise FloatingPointError(
        f'{text}: the training was stopped, {kept}; a lower learning rate '
        '(optim_wrapper.optimizer.lr) or a smaller weight of this loss may '
        'help')
