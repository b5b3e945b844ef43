from __future__ import annotations
import hashlib
import math
from typing import Iterator

import numpy as np
from mmengine.dataset import InfiniteSampler
from mmseg.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from ..multi_task_dataset import MultiTaskDataset
from ..seeded_index import SeededIndex


@DATA_SAMPLERS.register_module()
class MultiTaskBatchSampler(Sampler):
    """Endless batches with a fixed number of samples of every task.

    Every task goes through its own epochs, each in a new order. The samples
    of a task are numbered through; of ``n`` per batch, rank ``r`` of ``W``
    takes in iteration ``i`` the numbers ``i*W*n + r*n`` to
    ``i*W*n + r*n + n - 1``. So ranks never overlap, ``W`` ranks take what one
    rank with ``W`` times the batch takes, and everything, also the seed of a
    sample's augmentation, is a function of seed, task and number alone: a
    resumed training goes on at iteration ``k`` by setting ``start_iter = k``.

    ``start_iter`` and ``seed`` are read when the iteration begins.

    Args:
        sampler: mmengine's ``InfiniteSampler`` over a
            :class:`MultiTaskDataset`; gives the data set, seed, shuffling,
            rank and world size.
        batch_size: Samples per batch of this rank, over all tasks.
        task_ratio: Share of each task in a batch, positive integers. None
            means equal shares.

    Raises:
        TypeError: If the sampler or its data set is of another class.
        ValueError: If the ratio does not fit the tasks, or the batch size
            cannot be divided in it.

    Examples:
        >>> train_dataloader = dict(
        ...     batch_size=24,
        ...     sampler=dict(type='InfiniteSampler', shuffle=True),
        ...     batch_sampler=dict(type='MultiTaskBatchSampler'),
        ...     dataset=dict(type='MultiTaskDataset', datasets=dict(...)))
    """

    def __init__(self,
                 sampler: InfiniteSampler,
                 batch_size: int,
                 task_ratio: dict[str, int] | None = None) -> None:
        if not isinstance(sampler, InfiniteSampler):
            raise TypeError('sampler must be an InfiniteSampler, got '
                            f'{type(sampler).__name__}')
        if not isinstance(sampler.dataset, MultiTaskDataset):
            raise TypeError('the data set must be a MultiTaskDataset, got '
                            f'{type(sampler.dataset).__name__}')
        # mmengine looks for the attributes sampler and batch_size.
        self.sampler = sampler
        self.batch_size = batch_size
        self.seed = sampler.seed
        self.start_iter = 0
        self.task_counts = task_counts(sampler.dataset.tasks, batch_size,
                                       task_ratio)

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        """Yield batches from iteration ``start_iter`` on, without end."""
        indices = {
            task: _TaskIndices(task, self.seed, bounds, self.sampler.shuffle)
            for task, bounds in self.sampler.dataset.task_ranges.items()
        }
        iteration = self.start_iter
        while True:
            turn = iteration * self.sampler.world_size + self.sampler.rank
            yield [
                indices[task][turn * count + i]
                for task, count in self.task_counts.items()
                for i in range(count)
            ]
            iteration += 1

    def __len__(self) -> int:
        """Batches that take as many samples as there are, as if
        mmengine's ``InfiniteSampler`` were cut in batches."""
        return math.ceil(len(self.sampler) / self.batch_size)


class _TaskIndices:
    """The endless sequence of sample indices of one task."""

    def __init__(self, task: str, seed: int, bounds: tuple[int, int],
                 shuffle: bool) -> None:
        self.task = task
        self.seed = seed
        self.start, stop = bounds
        self.size = stop - self.start
        self.shuffle = shuffle
        self._order: tuple[int, np.ndarray | None] = (-1, None)

    def __getitem__(self, number: int) -> SeededIndex:
        epoch, place = divmod(number, self.size)
        if self.shuffle:
            if self._order[0] != epoch:
                # RandomState: NumPy guarantees its sequences for ever.
                random = np.random.RandomState(self._words('order', epoch))
                self._order = epoch, random.permutation(self.size)
            place = int(self._order[1][place])
        seed = int(self._words('augmentation', number)[0])
        return SeededIndex(self.start + place, seed)

    def _words(self, use: str, number: int) -> np.ndarray:
        key = f'{self.seed}/{self.task}/{use}/{number}'
        digest = hashlib.sha256(key.encode()).digest()
        return np.frombuffer(digest, dtype='<u4')


def task_counts(tasks: list[str], batch_size: int,
                task_ratio: dict[str, int] | None) -> dict[str, int]:
    """How many samples of each task a batch has.

    Args:
        tasks: The tasks of the data set.
        batch_size: Samples per batch, over all tasks.
        task_ratio: Share of each task; None means equal shares.

    Raises:
        ValueError: The ratio does not fit the tasks, or the batch size cannot
            be divided in it.
    """
    if task_ratio is None:
        task_ratio = {task: 1 for task in tasks}
    if set(task_ratio) != set(tasks) or not all(
            isinstance(share, int) and share > 0
            for share in task_ratio.values()):
        raise ValueError('task_ratio must have a positive integer for each '
                         f'of the tasks {tasks}, got {dict(task_ratio)}')
    total = sum(task_ratio.values())
    if batch_size < 1 or batch_size % total:
        ratio = ':'.join(str(task_ratio[task]) for task in tasks)
        raise ValueError(f'batch_size {batch_size} cannot be divided '
                         f'{ratio} among the tasks {tasks}, allowed are '
                         f'multiples of {total}')
    return {task: batch_size // total * task_ratio[task] for task in tasks}
