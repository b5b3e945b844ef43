from __future__ import annotations
import logging
from abc import abstractmethod
from itertools import chain
from typing import Any, Sequence

import torch
from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log


class PerSampleMetric(BaseMetric):
    """Base of metrics that give the same numbers on any number of processes.

    Each sample is reduced to a few numbers by :meth:`measure` and stored under
    its identity. :meth:`evaluate` gathers them from all processes, drops the
    duplicates with which distributed samplers fill up, and sorts them, so that
    :meth:`compute_metrics` sees every sample once, in one order. (mmengine's
    own gathering interleaves the processes' lists and cuts the end off, which
    is wrong once the processes hold different numbers of samples of a task.)

    Args:
        prefix: Put before the names of the results, with a slash. Default:
            no prefix (:class:`MultiTaskEvaluator` adds the task's name).
    """

    # Not None, at which mmengine warns.
    default_prefix = ''
    # The score of an image, see `image_scores`, by which reports call the
    # images with the least of it the worst. None: no such order.
    worst_by: str | None = None

    def __init__(self, prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.rows: dict[tuple[int, str], dict[str, float]] = {}

    @abstractmethod
    def measure(self, data_sample: dict) -> Any:
        """Reduce a sample to the numbers that are stored.

        Args:
            data_sample: Prediction and ground truth as a dict.

        Returns:
            Anything small that can be pickled.
        """

    @property
    def score_names(self) -> list[str] | None:
        """Names of all scores that :meth:`compute_metrics` may give; None if
        they are not known before."""
        return None

    @abstractmethod
    def compute_metrics(self, results: list) -> dict:
        """Compute the scores of a data set.

        Args:
            results: What :meth:`measure` returned, for each sample once.

        Returns:
            Scores by name.
        """

    def image_scores(self, result: Any) -> dict[str, float]:
        """Scores of one image, for tables of single images.

        Args:
            result: What :meth:`measure` returned.

        Returns:
            Scores by name, in the units of :meth:`compute_metrics`; none by
            default.
        """
        return {}

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure the samples of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions and ground truths as dicts.

        Raises:
            ValueError: If a sample lacks a field, its sizes differ or its
                prediction is not finite.
        """
        for data_sample in data_samples:
            check_finite(data_sample)
            self.results.append(
                (sample_key(data_sample), self.measure(data_sample)))

    def evaluate(self, size: int) -> dict:
        """Compute the scores over the samples of all processes.

        The scores of the single images are stored in ``rows``, by the identity
        of the sample, until the next evaluation.

        Args:
            size: Not used; the samples themselves tell which are duplicates.

        Returns:
            Scores by name, the same on every process.

        Raises:
            ValueError: If no process has seen a sample.
        """
        # Emptied first: the next evaluation starts anew even after an error.
        results, self.results = self.results, []
        gathered = all_gather_object(results)
        unique: dict[tuple, Any] = {}
        for key, numbers in chain.from_iterable(gathered):
            unique.setdefault(key, numbers)
        if not unique:
            raise ValueError(f'{type(self).__name__} has seen no sample: '
                             'nothing can be evaluated')
        keys = sorted(unique)
        self.rows = {
            key: self._prefixed(self.image_scores(unique[key]))
            for key in keys
        }
        return self._prefixed(
            self.compute_metrics([unique[key] for key in keys]))

    def _prefixed(self, scores: dict) -> dict:
        if not self.prefix:
            return scores
        return {f'{self.prefix}/{k}': v for k, v in scores.items()}

    def get_data(self, data_sample: dict, field: str) -> torch.Tensor:
        """Take the tensor of a field to the CPU.

        Args:
            data_sample: Prediction and ground truth as a dict.
            field: Name of the field, such as ``'pred_image'``.

        Raises:
            ValueError: If the sample has no such field.
        """
        if field not in data_sample:
            raise ValueError(f'{type(self).__name__} needs the field '
                             f'{field!r}, which {_describe(data_sample)} does '
                             'not have')
        return data_sample[field]['data'].detach().cpu()

    def get_pair(self, data_sample: dict, pred_field: str,
                 gt_field: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Take a prediction and its ground truth to the CPU.

        Args:
            data_sample: Prediction and ground truth as a dict.
            pred_field: Name of the field of the prediction.
            gt_field: Name of the field of the ground truth.

        Raises:
            ValueError: If a field is missing or the two differ in shape.
        """
        pred = self.get_data(data_sample, pred_field)
        gt = self.get_data(data_sample, gt_field)
        if pred.shape != gt.shape:
            raise ValueError(
                f'{pred_field} and {gt_field} of {_describe(data_sample)} '
                f'must have the same shape, but got {tuple(pred.shape)} and '
                f'{tuple(gt.shape)}')
        return pred, gt


def check_finite(data_sample: dict) -> None:
    """Refuse a prediction that is not finite.

    Classes decoded from it look as any others, and score 0.

    Args:
        data_sample: Sample as a dict, with ``pred_image`` or ``seg_logits``,
            if any.

    Raises:
        ValueError: There are NaN or infinite values in it.
    """
    for field in ('pred_image', 'seg_logits'):
        if field not in data_sample:
            continue
        # A sum is finite if all are: in float32 as many cannot overflow.
        if not data_sample[field]['data'].float().sum().isfinite():
            raise ValueError(
                f'the prediction of {data_sample.get("img_path")!r} holds '
                'values that are not finite (has training diverged?)')


def warn_undefined(metric: BaseMetric, names: str, reason: str) -> None:
    """Say why scores are ``nan``.

    Args:
        metric: The metric.
        names: The scores.
        reason: Why there is nothing to score.
    """
    print_log(
        f'{type(metric).__name__}: {names} are nan: {reason}',
        logger='current',
        level=logging.WARNING)


def sample_key(data_sample: dict) -> tuple[int, str]:
    """Identity of a sample within the data set of its task.

    The path is part of it because data sets that were joined each count from
    zero.

    Args:
        data_sample: Sample as a dict.

    Returns:
        ``sample_idx`` and ``img_path`` ('' if there is none).

    Raises:
        ValueError: If the sample has no ``sample_idx``.
    """
    if data_sample.get('sample_idx') is None:
        raise ValueError(
            f'{_describe(data_sample)} has no sample_idx: the data set must '
            'set it and the packing transform must list it in its meta_keys, '
            'or samples that distributed runs repeat would be counted twice')
    return int(data_sample['sample_idx']), str(data_sample.get('img_path', ''))


def _describe(data_sample: dict) -> str:
    return f'the sample {data_sample.get("img_path", "without img_path")!r}'
