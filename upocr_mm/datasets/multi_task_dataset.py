from __future__ import annotations
from contextlib import nullcontext
from typing import Callable, Sequence

from mmengine.dataset import (BaseDataset, Compose, ConcatDataset,
                              force_full_init)
from mmseg.registry import DATASETS

from .data_check import DataCheckError, format_problems, turns_images
from .seeded_index import SeededIndex, seeded_randomness


@DATASETS.register_module()
class MultiTaskDataset(ConcatDataset):
    """Data sets of several tasks behind one index, keyed by task.

    The index runs through the data sets in the order of the dict. Every
    sample's ``sample_idx`` is its index here.

    Args:
        datasets: The data set (or its config) of each task. None disables a
            task. The ``task`` in a data set's metainfo must equal its
            key.
        pipeline: Steps that are the same for all tasks; they follow those of
            the sample's own data set.
        lazy_init: Whether to leave listing and checking the files to
            ``full_init``.

    Raises:
        ValueError: If a data set belongs to another task than its key says,
            no task is left, or files are bad: then one message lists the
            problems of all data sets.
        TypeError: If ``datasets`` or one of its values has a wrong type.

    Examples:
        >>> dataset = MultiTaskDataset(
        ...     dict(
        ...         text_removal=dict(
        ...             type='SCUTEnsTextDataset', data_root='data/scut'),
        ...         text_segmentation=None))
        >>> dataset.tasks
        ['text_removal']
    """

    def __init__(self,
                 datasets: dict[str, dict | BaseDataset | None],
                 pipeline: Sequence[dict | Callable] = (),
                 lazy_init: bool = False) -> None:
        if not isinstance(datasets, dict):
            raise TypeError('datasets must be a dict of task names and data '
                            f'sets, got {type(datasets).__name__}')
        built = {
            task: _build(task, dataset)
            for task, dataset in datasets.items() if dataset is not None
        }
        if not built:
            raise ValueError('datasets must hold the data set of one task at '
                             f'least, got {datasets}')
        metainfos = {task: child.metainfo for task, child in built.items()}
        super().__init__(
            list(built.values()),
            lazy_init=True,
            # Tasks may differ in everything.
            ignore_keys=list(set().union(*metainfos.values())))
        self.tasks: list[str] = list(built)
        self.pipeline = Compose(pipeline)
        self._metainfo = dict(tasks=metainfos)
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """List and check the files of all data sets, then report together."""
        errors = []
        for child in self.datasets:
            try:
                child.full_init()
            except DataCheckError as error:
                errors.append(str(error))
        if turns_images(self.pipeline):
            # Children with a pipeline that loads have seen to it themselves.
            errors += [
                format_problems(type(child).__name__, child.oriented)
                for child in self.datasets if getattr(child, 'oriented', None)
            ]
            for child in self.datasets:
                if getattr(child, 'check_files', True) is False:
                    child.warn_of_turns()
        if errors:
            raise DataCheckError('\n'.join(errors))
        super().full_init()

    @property
    def task_ranges(self) -> dict[str, tuple[int, int]]:
        """First index and index after the last one of each task."""
        stops = [0, *self.cumulative_sizes]
        return dict(zip(self.tasks, zip(stops, stops[1:])))

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """Get the data info of a sample, with its ``sample_idx`` here."""
        info = super().get_data_info(idx)
        info['sample_idx'] = idx % len(self)
        return info

    def __getitem__(self, idx: int | SeededIndex) -> dict:
        """Load one sample.

        Args:
            idx: An index, or one with a seed, which then determines all
                randomness of the pipeline.

        Returns:
            What the pipelines, the data set's and then the common one, make
            of the sample.
        """
        seed: int | None = None
        if isinstance(idx, SeededIndex):
            idx, seed = idx
        child, _ = self._get_ori_dataset_idx(idx)
        with nullcontext() if seed is None else seeded_randomness(seed):
            # Not child[...]: it would set sample_idx to the child's index,
            # and silently take another sample if the pipeline returns None.
            return self.pipeline(self.datasets[child].pipeline(
                self.get_data_info(idx)))


def _build(task: str, dataset: dict | BaseDataset) -> BaseDataset:
    if isinstance(dataset, dict):
        # Lazy, so that no data set's bad files hide those of the next one.
        dataset = DATASETS.build(dict(dataset, lazy_init=True))
    if not isinstance(dataset, BaseDataset):
        raise TypeError(f'the data set of task {task!r} must be a dict, a '
                        f'BaseDataset or None, got {type(dataset).__name__}')
    own_task = dataset.metainfo.get('task')
    if own_task != task:
        raise ValueError(
            f'datasets[{task!r}] is a {type(dataset).__name__} for the task '
            f'{own_task!r}: set its `task` to {task!r} or use the other key')
    return dataset
