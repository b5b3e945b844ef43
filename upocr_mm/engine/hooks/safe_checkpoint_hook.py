from __future__ import annotations
import contextlib
from typing import Any, Iterator

from mmengine.hooks import CheckpointHook
from mmseg.registry import HOOKS


class SafeCheckpointHook(CheckpointHook):
    """mmengine's CheckpointHook, which removes old checkpoints *after* it has
    written the new one.

    mmengine removes them before: with ``max_keep_ckpts=1``, or for the best
    checkpoint, a kill or a full disk in between would leave none. It takes
    the place of ``CheckpointHook`` in configs, with the same arguments.
    """

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
