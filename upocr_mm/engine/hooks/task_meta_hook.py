from __future__ import annotations
from typing import Any

from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from ...utils import unwrap


@HOOKS.register_module()
class TaskMetaHook(Hook):
    """Saves in each checkpoint what belongs to the weights of a UPOCR model.

    The tasks and the colors of their classes (``UPOCR.task_meta``) are no
    tensors; ``meta['upocr']`` of the checkpoint holds them.
    :class:`PreflightHook` compares them when the checkpoint is loaded.
    """

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add the tasks and their palettes."""
        task_meta = getattr(unwrap(runner.model), 'task_meta', None)
        if task_meta is not None:
            checkpoint['meta']['upocr'] = task_meta
