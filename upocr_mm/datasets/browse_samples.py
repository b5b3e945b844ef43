"""Samples as a data loader gives them, chosen to be looked at."""
from __future__ import annotations
import copy
import random
from typing import Any, Iterator, NamedTuple, Sequence

from mmengine.config import ConfigDict
from mmengine.dataset import InfiniteSampler
from mmseg.registry import DATASETS

from ..utils import reason_of
from .base_paired_dataset import BasePairedDataset
from .multi_task_dataset import MultiTaskDataset
from .samplers import MultiTaskBatchSampler
from .seeded_index import SeededIndex


class BrowsedSample(NamedTuple):
    """A sample, or why there is none.

    Args:
        index: Its number among the samples of its task, from 0.
        img_path: Its image.
        packed: What the pipelines made of it, None if they failed.
        error: Why they failed, or empty.
    """
    index: int
    img_path: str
    packed: dict[str, Any] | None
    error: str = ''


def build_browsed_dataset(
        cfg: ConfigDict,
        tasks: Sequence[str] | None = None) -> MultiTaskDataset:
    """Build a data set to look at samples of some tasks.

    Files are not decoded before they are looked at, so that a damaged one is
    no hindrance, and nothing is read for tasks that are left out.

    Args:
        cfg: Of a loader's data set: a :class:`MultiTaskDataset`, or the data
            set of one task.
        tasks: The tasks. None takes all.

    Raises:
        DataCheckError: Files are missing, or lists of them are broken.
        ValueError: A task is not there, or a data set cannot be built.
    """
    cfg = copy.deepcopy(cfg)
    try:
        if 'datasets' not in cfg:
            dataset = DATASETS.build(dict(_unchecked(cfg), lazy_init=True))
            task = getattr(dataset, 'metainfo', {}).get('task')
            if task is None:
                raise ValueError(f'{type(dataset).__name__} names no task in '
                                 'its metainfo')
            cfg = dict(type='MultiTaskDataset', datasets={task: dataset})
        children = dict(cfg['datasets'])
        _check_tasks(
            tasks,
            [task for task, child in children.items() if child is not None])
        children = {
            task: _unchecked(child)
            for task, child in children.items()
            if child is not None and (tasks is None or task in tasks)
        }
        return DATASETS.build(dict(cfg, datasets=children))
    except (TypeError, KeyError) as error:
        raise ValueError('the data set cannot be built: '
                         f'{reason_of(error)}') from error


def choose_indices(dataset: MultiTaskDataset, num: int, seed: int,
                   training: bool) -> dict[str, list[SeededIndex]]:
    """Choose samples of each task.

    Args:
        dataset: The data set.
        num: Samples of each task. If fewer are there, training data repeat,
            with other augmentation; of others all are taken.
        seed: Decides which samples are taken and how they are augmented.
        training: Take the samples that a training with this seed sees first
            (with :class:`MultiTaskBatchSampler`), else any, in their order.
    """
    if training:
        # How many of a task are in a batch does not change their sequence.
        batches = iter(
            MultiTaskBatchSampler(
                InfiniteSampler(dataset, shuffle=True, seed=seed),
                batch_size=len(dataset.tasks)))
        rounds = [next(batches) for _ in range(num)]
        return dict(zip(dataset.tasks, map(list, zip(*rounds))))
    chosen = {}
    for task, (start, stop) in dataset.task_ranges.items():
        generator = random.Random(f'{seed}/{task}')
        indices = generator.sample(range(start, stop), min(num, stop - start))
        chosen[task] = [
            SeededIndex(index, generator.randrange(2**32))
            for index in sorted(indices)
        ]
    return chosen


def load_samples(dataset: MultiTaskDataset,
                 indices: Sequence[SeededIndex]) -> Iterator[BrowsedSample]:
    """Load samples; one that cannot be loaded says why.

    Args:
        dataset: The data set.
        indices: Samples of one task.
    """
    for index in indices:
        info = dataset.get_data_info(index.index)
        start, = (start for start, stop in dataset.task_ranges.values()
                  if start <= index.index < stop)
        number, path = index.index - start, info.get('img_path', '')
        try:
            yield BrowsedSample(number, path, dataset[index])
        except Exception as error:  # whatever a decoder may raise
            reason = f'{type(error).__name__}: {reason_of(error)}'
            yield BrowsedSample(number, path, None, reason)


def _unchecked(child: Any) -> Any:
    """The configuration of a data set that does not decode its files yet."""
    if not isinstance(child, dict):
        return child
    kind = child.get('type')
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    if isinstance(kind, type) and issubclass(kind, BasePairedDataset):
        return dict(child, check_files=False)
    return child


def _check_tasks(tasks: Sequence[str] | None, known: Sequence[str]) -> None:
    unknown = [task for task in tasks or [] if task not in known]
    if unknown:
        raise ValueError(f'tasks must be some of {known}, got {unknown}')
