from __future__ import annotations
import os.path as osp
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import (BaseLoop, CheckpointLoader, IterBasedTrainLoop,
                             find_latest_checkpoint)
from mmseg.registry import HOOKS
from torch.utils.data import DataLoader

from ...checkpoint.package_weights import SCHEME
from ...utils import unwrap


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Makes a stopped and resumed training equal to one that ran through.

    - Before each training iteration torch's generators are seeded from the
      seed of the run, the rank and the number of the iteration, so that
      stochastic depth depends on nothing that came before.
    - After a resume, :class:`MultiTaskBatchSampler` starts at the batch that
      would have come next, without reading those that came before.
    - A training that starts from other weights (``load_from``) is resumed
      from the latest checkpoint of its work dir. The checkpoint of another
      stage of the way to UPOCR is always started from.

    No state is added to checkpoints.
    """

    # It decides what is resumed, which other hooks look at.
    priority = 'ABOVE_NORMAL'

    def before_run(self, runner: Any) -> None:
        """Find out whether ``load_from`` is to be resumed or started from.

        mmengine resumes from ``load_from`` where it is set, also if it names
        the weights that the training starts from.
        """
        start = runner._load_from
        if (not isinstance(runner._train_loop, BaseLoop) or not runner._resume
                or start is None
                or '://' in start and not start.startswith(SCHEME)):
            return
        work_dir = Path(runner.work_dir).resolve()
        if work_dir in Path(start).resolve().parents:
            return  # one of its checkpoints, chosen by the user
        latest = find_latest_checkpoint(runner.work_dir)
        if latest is not None:
            runner.logger.info(f'Resume from {latest}, not from {start} '
                               '(load_from), where the training started.')
            runner._load_from = None
        elif (start.startswith(SCHEME) or not osp.isfile(start)
              or not _is_resumable(start, unwrap(runner.model))):
            runner.logger.info(f'Nothing to resume in {runner.work_dir}: the '
                               f'training starts from {start}.')
            runner._resume = False

    def before_train(self, runner: Any) -> None:
        """Move the sampler to the iteration of the resumed checkpoint."""
        loop = runner.train_loop
        if (not isinstance(loop, IterBasedTrainLoop)
                or not hasattr(loop.dataloader.batch_sampler, 'start_iter')
                or runner.iter == 0):
            return
        # The checkpoint's seed, if the configuration fixes none.
        loop.dataloader.batch_sampler.seed = runner.seed
        loop.dataloader.batch_sampler.start_iter = runner.iter
        loop.dataloader_iterator = _ResumedIterator(loop.dataloader,
                                                    runner.iter)

    def before_train_iter(self,
                          runner: Any,
                          batch_idx: int,
                          data_batch: Any = None) -> None:
        """Seed torch for this iteration."""
        sequence = np.random.SeedSequence(
            (runner.seed, runner.rank, runner.iter))
        torch.manual_seed(int(sequence.generate_state(1)[0]))


def _is_resumable(checkpoint: str, model: Any) -> bool:
    """Whether a file holds the state of a training of this kind of model."""
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    found = content.get('meta', {}).get('upocr', {})
    own = getattr(model, 'task_meta', {})
    # The stages differ in what belongs to each alone.
    return 'message_hub' in content and all(
        found.get(key) == own.get(key) for key in ('training_only', 'stage'))


class _ResumedIterator:
    """Iterates over a dataloader whose sampler already starts further on.

    The training loop advances its iterator by the iterations that are done,
    by ``skip_iter`` in newer and by ``next`` in older releases of mmengine;
    here neither of them reads anything.
    """

    def __init__(self, dataloader: DataLoader, skip: int) -> None:
        self._dataloader = dataloader
        self._skip = skip
        self._iterator: Iterator | None = None

    def skip_iter(self, num_iters: int) -> None:
        """Count iterations that were done before the resume."""
        self._skip -= num_iters

    def __next__(self) -> Any:
        if self._skip > 0:
            self._skip -= 1
            return None
        if self._iterator is None:
            self._iterator = iter(self._dataloader)
        return next(self._iterator)
