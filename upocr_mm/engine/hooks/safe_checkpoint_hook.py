from __future__ import annotations
import contextlib
import os
from typing import Any, Iterator

from mmengine.hooks import CheckpointHook
from mmseg.registry import HOOKS


class SafeCheckpointHook(CheckpointHook):
    """mmengine's CheckpointHook, which removes old checkpoints *after* it has
    written the new one, and only those of its own folder.

    mmengine removes them before: with ``max_keep_ckpts=1``, or for the best
    checkpoint, a kill or a full disk in between would leave none. It also
    removes whatever a resumed checkpoint names as the best one. This class
    takes the place of ``CheckpointHook`` in configs, with the same arguments.
    """

    def before_train(self, runner: Any) -> None:
        """Forget what a resumed checkpoint names and is not of this folder."""
        info = runner.message_hub.runtime_info
        steps = info.get('keep_ckpt_ids')
        if steps is not None and not (isinstance(steps, list) and all(
                isinstance(step, int) for step in steps)):
            del info['keep_ckpt_ids']
        super().before_train(runner)
        if not self._is_own(getattr(self, 'best_ckpt_path', None)):
            self.best_ckpt_path = None
        bests = getattr(self, 'best_ckpt_path_dict', {})
        bests.update({
            k: None
            for k, v in bests.items() if not self._is_own(v)
        })

    def _is_own(self, path: Any) -> bool:
        """Whether a best checkpoint is one that this hook may remove."""
        return (isinstance(path, str)
                and os.path.basename(path).startswith('best_')
                and os.path.realpath(
                    os.path.dirname(path)) == os.path.realpath(self.out_dir))

    def _save_checkpoint_with_step(self, runner: Any, step: int,
                                   meta: dict) -> None:
        with self._removing_last():
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Any, metrics: dict) -> None:
        with self._removing_last():
            super()._save_best_checkpoint(runner, metrics)

    @contextlib.contextmanager
    def _removing_last(self) -> Iterator[None]:
        """Put off what the file backend is told to remove."""
        backend, put_off = self.file_backend, []
        self.file_backend = _Later(backend, put_off)
        try:
            yield
        finally:
            self.file_backend = backend
        bests = getattr(self, 'best_ckpt_path_dict', {}).values()
        kept = {self.last_ckpt, getattr(self, 'best_ckpt_path', None), *bests}
        for path in put_off:
            if path not in kept:
                backend.remove(path)


class _Later:
    """A file backend that only notes which files to remove."""

    def __init__(self, backend: Any, put_off: list[str]) -> None:
        self._backend = backend
        self.remove = put_off.append

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


HOOKS.register_module(
    name='CheckpointHook', module=SafeCheckpointHook, force=True)
