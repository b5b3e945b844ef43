from __future__ import annotations
import logging
from itertools import chain
from typing import Any, Sequence, Union

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement
from mmseg.registry import EVALUATOR, METRICS

from ..utils import data_tasks
from .metrics.per_sample_metric import PerSampleMetric, sample_key

MetricConfig = Union[dict, BaseMetric]


@EVALUATOR.register_module()
class MultiTaskEvaluator(Evaluator):
    """Give every sample to the metrics of its task.

    A sample's task is its metainfo ``task``. Results are named
    ``<task>/<name>``, for example ``text_segmentation/fgIoU``.

    A task that the data set does not have is disabled, with a warning, as
    soon as ``dataset_meta`` tells so. Of every other task at least one sample
    must have been seen, so that no number is missing unnoticed. To skip a
    task that the data set has, set its metrics to ``None``::

        --cfg-options test_dataloader.dataset.datasets.text_removal=None
        --cfg-options test_evaluator.metrics.text_removal=None

    Metrics derived from :class:`PerSampleMetric` are exact in distributed
    runs. Any other metric works too, but is gathered by mmengine, which may
    then lose or repeat samples; a warning says so.

    Args:
        metrics: The metric, or list of metrics, of each task, as config dicts
            or built; ``None`` disables a task.
        output_dir: Set by ``--out`` of ``mim test``: a folder for the
            predictions, which :class:`OutputImagesHook` writes.
        keep_results: Set by ``--out`` as well; the scores of the images are
            kept in any case.

    Raises:
        TypeError: If ``metrics`` is not a dict keyed by task.
        ValueError: If a task's list is empty or no task has a metric.

    Example:
        >>> test_evaluator = dict(
        ...     type='MultiTaskEvaluator',
        ...     metrics=dict(
        ...         text_removal=dict(type='TextRemovalMetric'),
        ...         text_segmentation=dict(type='TextSegmentationMetric')))
    """

    def __init__(self,
                 metrics: dict[str, MetricConfig | Sequence[MetricConfig]
                               | None],
                 output_dir: str | None = None,
                 keep_results: bool = False) -> None:
        if not isinstance(metrics, dict) or 'type' in metrics:
            raise TypeError('metrics must be a dict of one metric or a list '
                            f'of metrics per task, but got {metrics!r}')
        # Of all tasks; None where the configuration has none.
        self._configured: dict[str, list[BaseMetric] | None] = {
            task: _build(task, configs)
            for task, configs in metrics.items()
        }
        # Of those that are evaluated.
        self.task_metrics: dict[str, list[BaseMetric]] = {
            task: built
            for task, built in self._configured.items() if built
        }
        if not self.task_metrics:
            raise ValueError('metrics must give at least one task a metric, '
                             f'but got {metrics!r}')
        self.output_dir = output_dir
        # Filled by `evaluate`: the scores of the single images of each task,
        # by the identity of the sample.
        self.image_scores: dict[str, dict[tuple, dict[str, float]]] = {}
        self._reset()
        super().__init__(list(chain.from_iterable(self.task_metrics.values())))

    @property
    def disabled_tasks(self) -> list[str]:
        """The tasks that are configured, but not evaluated."""
        return [t for t in self._configured if t not in self.task_metrics]

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the whole data set, ``None`` until it is set.

        When set, tasks that the data set does not have are disabled, and a
        metric receives ``dataset_meta['tasks'][task]`` of its own task where
        there is such an entry, else the whole.

        Raises:
            ValueError: If the data set has no task that has metrics.
        """
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        self._dataset_meta = dataset_meta
        self._disable_tasks_without_data()
        for task, metrics in self.task_metrics.items():
            task_meta = (dataset_meta or {}).get('tasks', {})
            for metric in metrics:
                metric.dataset_meta = task_meta.get(task, dataset_meta)

    def _disable_tasks_without_data(self) -> None:
        tasks = data_tasks(self._dataset_meta)
        given = {task: m for task, m in self._configured.items() if m}
        self.task_metrics = {
            task: metrics
            for task, metrics in given.items()
            if tasks is None or task in tasks
        }
        if not self.task_metrics:
            raise ValueError(f'metrics has the tasks {list(given)}, but the '
                             f'data set has only {tasks}')
        self.metrics = list(chain.from_iterable(self.task_metrics.values()))
        idle = [task for task in given if task not in self.task_metrics]
        if idle:
            print_log(
                f'Disabled, since the data set does not have them: the '
                f'metrics of {", ".join(idle)}.',
                logger='current',
                level=logging.WARNING)

    @property
    def worst_by(self) -> dict[str, str]:
        """The image score of each task that is least for the worst image."""
        return {
            # Of several metrics, the first one (later ones are overwritten).
            task:
            f'{metric.prefix}/{metric.worst_by}'
            if metric.prefix else metric.worst_by
            for task, metrics in self.task_metrics.items()
            for metric in reversed(metrics)
            if getattr(metric, 'worst_by', None)
        }

    @property
    def score_names(self) -> list[str] | None:
        """Names of all scores that :meth:`evaluate` may give; None if a metric
        does not know its own before."""
        names = []
        for task, metrics in self.task_metrics.items():
            for metric in metrics:
                own = getattr(metric, 'score_names', None)
                if own is None:
                    return None
                prefix = f'{metric.prefix}/' if metric.prefix else ''
                names += [f'{task}/{prefix}{name}' for name in own]
        return names

    def process(self,
                data_samples: Sequence[BaseDataElement],
                data_batch: Any = None) -> None:
        """Give the samples of a batch to the metrics of their tasks.

        Args:
            data_samples: Predictions with their ground truths, of any tasks
                in any order.
            data_batch: The batch they come from; metrics get it whole.

        Raises:
            ValueError: If a sample has no task or one without a metric.
        """
        groups: dict[str, list[dict]] = {}
        for data_sample in data_samples:
            if isinstance(data_sample, BaseDataElement):
                data_sample = data_sample.to_dict()
            task = data_sample.get('task')
            if task not in self.task_metrics:
                if self._configured.get(task, ()) is None:
                    continue
                raise ValueError(
                    f'the sample {data_sample.get("img_path")!r} is of the '
                    f'task {task!r}, but there are metrics for '
                    f'{sorted(self.task_metrics)} only: add metrics for it, '
                    'or set its entry in the metrics to None to skip it')
            groups.setdefault(task, []).append(data_sample)
        for task, group in groups.items():
            self._seen[task].update(map(sample_key, group))
            for metric in self.task_metrics[task]:
                metric.process(data_batch, group)

    def evaluate(self, size: int) -> dict:
        """Compute the scores of all tasks.

        Args:
            size: Not used: each metric is given the number of different
                samples of its own task.

        Returns:
            Scores named ``<task>/<name>``.

        Raises:
            ValueError: If no sample of a task was seen, or two metrics of a
                task give a result of the same name.
        """
        sizes = self._gather_sizes()
        missing = [task for task, count in sizes.items() if not count]
        if missing:
            for metric in self.metrics:
                metric.results.clear()
            switches = ' '.join(f'test_evaluator.metrics.{task}=None'
                                for task in missing)
            raise ValueError(
                f'no sample of the tasks {missing} was evaluated, though they '
                'have metrics: add their data, or disable them with '
                f'--cfg-options {switches} (val_evaluator in training)')
        scores: dict[str, Any] = {}
        for task, metrics in self.task_metrics.items():
            for metric in metrics:
                for name, value in metric.evaluate(sizes[task]).items():
                    name = f'{task}/{name}'
                    if name in scores:
                        raise ValueError(
                            f'two metrics give a result named {name}: give '
                            'the metrics of a task different prefixes')
                    scores[name] = value
        self._collect_image_scores()
        return scores

    def _collect_image_scores(self) -> None:
        self.image_scores = {}
        for task, metrics in self.task_metrics.items():
            rows = self.image_scores.setdefault(task, {})
            for metric in metrics:
                for key, row in getattr(metric, 'rows', {}).items():
                    rows.setdefault(key, {}).update(row)

    def _reset(self) -> None:
        # The identities of the samples seen of each task.
        self._seen: dict[str, set] = {t: set() for t in self._configured}

    def _gather_sizes(self) -> dict[str, int]:
        parts = all_gather_object(self._seen)
        self._reset()
        if len(parts) > 1:
            for metric in self.metrics:
                if not isinstance(metric, PerSampleMetric):
                    print_log(
                        f'{type(metric).__name__} is gathered by mmengine, '
                        'which is inexact if the processes hold different '
                        'numbers of samples of its task: evaluate on one '
                        'process for exact numbers.',
                        logger='current',
                        level=logging.WARNING)
        return {
            task: len(set().union(*(part[task] for part in parts)))
            for task in self.task_metrics
        }


def _build(
    task: str, configs: MetricConfig | Sequence[MetricConfig] | None
) -> list[BaseMetric] | None:
    if configs is None:
        return None
    if not isinstance(configs, Sequence):
        configs = [configs]
    if not configs:
        raise ValueError(f'metrics[{task!r}] is empty: give a metric, or None '
                         'to disable the task')
    return [
        METRICS.build(config) if isinstance(config, dict) else config
        for config in configs
    ]
