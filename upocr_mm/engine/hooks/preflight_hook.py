from __future__ import annotations
import os.path as osp
import re
import zipfile
from typing import Any, Mapping, Sequence

import torch
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, find_latest_checkpoint
from mmseg.registry import HOOKS

from ...evaluation import MultiTaskEvaluator
from ...utils import unwrap

# Computed from the window size, so that they need not be in a checkpoint.
DERIVED = re.compile(r'relative_(coords_table|position_index)$')


@HOOKS.register_module()
class PreflightHook(Hook):
    """Refuses what would fail later or, worse, pass unnoticed.

    Before a run: a task in the data that the model has no prompt or no losses
    for, or that has no metric; a metric without data; a best checkpoint asked
    for by the score of a task that is not evaluated; a checkpoint that does
    not exist or is damaged.
    Before weights are taken over: a checkpoint that lacks keys of the model,
    has other ones or other shapes (mmengine only warns), or was trained with
    other windows or other colours of a task (which nothing else would tell).

    A training may *start* from weights without prompts of some tasks: they
    are learned from their initial values; likewise what a converted
    checkpoint is known to lack.

    Args:
        strict: False accepts a checkpoint that fits only in part, for
            instance to start another architecture from it; mmengine then
            lists the differences.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict

    def before_run(self, runner: Any) -> None:
        """Check tasks and checkpoint file.

        Raises:
            ValueError: The tasks of data, model and metrics do not fit
                together, or the checkpoint is damaged.
            FileNotFoundError: There is no such checkpoint.
        """
        model = unwrap(runner.model)
        known = getattr(model, 'tasks', None)
        if known is not None:  # not one of MMSegmentation's own models
            for split in ('train', 'val', 'test'):
                loop = getattr(runner, f'_{split}_loop')
                _require(split, loop, known, 'model.task_prompt.tasks')
            trained = [task for task, losses in model.losses.items() if losses]
            _require('train', runner._train_loop, trained, 'model.losses')
        for split in ('val', 'test'):
            loop = getattr(runner, f'_{split}_loop')
            evaluator = getattr(loop, 'evaluator', None)
            if isinstance(evaluator, MultiTaskEvaluator):
                scored = [*evaluator.task_metrics, *evaluator.tasks_off]
                _require(split, loop, scored, f'{split}_evaluator.metrics')
                _require_data(split, loop, evaluator)
                if split == 'val':
                    _check_save_best(runner, evaluator)
        checkpoint = runner._load_from
        if runner._resume and checkpoint is None:
            checkpoint = find_latest_checkpoint(runner.work_dir)
        if checkpoint is not None and '://' not in checkpoint:
            check_file(checkpoint)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add what belongs to the weights and is not among them."""
        interface = getattr(unwrap(runner.model), 'interface', None)
        if interface is not None:
            checkpoint['meta']['upocr'] = interface

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Compare a checkpoint with the model.

        Raises:
            ValueError: They differ; the message names the keys.
        """
        model = unwrap(runner.model)
        expected = model.state_dict()
        found = checkpoint.get('state_dict', checkpoint)
        found = {re.sub(r'^module\.', '', k): v for k, v in found.items()}
        meta = checkpoint.get('meta', {}).get('upocr', {})
        starts = (
            isinstance(runner._train_loop, BaseLoop) and not runner._resume)
        if starts:
            known = set(meta.get('missing', ()))
            lacking = [
                key for key in expected if key not in found and (
                    key.startswith('task_prompt.') or key in known)
            ]
            if lacking:
                runner.logger.warning(
                    f'{runner._load_from} has no weights for '
                    f'{_listed(lacking)}; they start from initial values')
            expected = {k: v for k, v in expected.items() if k not in lacking}
        differences = compare_state_dicts(expected, found)
        if not starts:
            differences += compare_windows(expected, found)
        hint = ('\nTo take over what fits: --cfg-options '
                'custom_hooks.0.strict=False')
        if 'model' in found and 'state_dict' not in checkpoint:
            hint = ('\nPublished files of the authors are converted first: '
                    'tools/model_converters/upocr2mm.py')
        elif not set(expected) & set(found):
            hint = ''  # nothing fits
        colours = compare_palettes(
            getattr(model, 'interface', {}).get('palettes', {}),
            meta.get('palettes', {}))
        if colours:
            hint = ('\nThe colours belong to the weights: use a configuration '
                    'with those of the checkpoint (of the authors\' weights: '
                    '*_released-512x512.py)')
        differences += colours
        text = (f'the checkpoint {runner._load_from or runner.work_dir} does '
                'not fit the model of the configuration:\n' +
                '\n'.join(differences))
        if differences and self.strict:
            raise ValueError(text + hint)
        if differences:
            runner.logger.warning(text)


def _require(split: str, loop: Any, known: Sequence[str], field: str) -> None:
    """Refuse a data set with tasks that a field of the config lacks."""
    unknown = sorted(set(_tasks_of(loop, known[:1])) - set(known))
    if unknown:
        raise ValueError(
            f'{split}_dataloader has the tasks {unknown}, but {field} has '
            f'only {list(known)}; add them there or switch them off, e.g. '
            f'--cfg-options {split}_dataloader.dataset.datasets.{unknown[0]}='
            'None')


def _require_data(split: str, loop: Any,
                  evaluator: MultiTaskEvaluator) -> None:
    """Refuse metrics of tasks that a data set does not have."""
    scored = list(evaluator.task_metrics)
    idle = sorted(set(scored) - set(_tasks_of(loop, scored)))
    if idle:
        raise ValueError(
            f'{split}_evaluator.metrics has the tasks {idle}, but '
            f'{split}_dataloader has no data of them; add data or switch the '
            f'metrics off, e.g. --cfg-options {split}_evaluator.metrics.'
            f'{idle[0]}=None')


def _tasks_of(loop: Any, default: Sequence[str]) -> Sequence[str]:
    """Tasks of the data of a loop; ``default`` where it does not tell."""
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    metainfo = getattr(dataset, 'metainfo', None) or {}
    if 'tasks' in metainfo:
        return list(metainfo['tasks'])
    return [metainfo['task']] if 'task' in metainfo else default


def _check_save_best(runner: Any, evaluator: MultiTaskEvaluator) -> None:
    """Refuse a best checkpoint by a score that no validation will give."""
    for hook in runner.hooks:
        for name in getattr(hook, 'key_indicators', None) or ():
            task = name.split('/')[0]
            if name != 'auto' and task not in evaluator.task_metrics:
                raise ValueError(
                    f'default_hooks.checkpoint.save_best names {name}, but '
                    'the validation scores only '
                    f'{list(evaluator.task_metrics)}; leave it out')


def check_file(filename: str) -> None:
    """Check that a file is a readable checkpoint, without loading it.

    Args:
        filename: The file.

    Raises:
        FileNotFoundError: It does not exist.
        ValueError: It is empty, cut off or no checkpoint of PyTorch.
    """
    if not osp.isfile(filename):
        raise FileNotFoundError(f'the checkpoint {filename} does not exist')
    with open(filename, 'rb') as file:
        start = file.read(2)
    # PyTorch writes zip archives; before 1.6 it wrote pickles (b'\x80').
    if zipfile.is_zipfile(filename) or start[:1] == b'\x80':
        return
    raise ValueError(
        f'the checkpoint {filename} ({osp.getsize(filename)} bytes) is '
        'damaged, cut off or not a file written by torch.save')


def compare_state_dicts(expected: Mapping[str, torch.Tensor],
                        found: Mapping[str, Any],
                        limit: int = 10) -> list[str]:
    """Describe how a state dict differs from that of a model.

    Args:
        expected: State dict of the model.
        found: State dict of a checkpoint.
        limit: How many keys to name of each kind.

    Returns:
        One line for each kind of difference: missing keys, unexpected keys,
        other shapes. Empty if there is none. Buffers that are computed from
        the window size are not compared.
    """
    expected = {k: v for k, v in expected.items() if not DERIVED.search(k)}
    found = {k: v for k, v in found.items() if not DERIVED.search(k)}
    kinds = dict(
        missing=[key for key in expected if key not in found],
        unexpected=[key for key in found if key not in expected])
    kinds['of another shape'] = [
        f'{key} ({_shape(found[key])} instead of {_shape(value)})'
        for key, value in expected.items()
        if key in found and _shape(found[key]) != _shape(value)
    ]
    return [
        f'{len(keys)} keys are {kind}: {_listed(keys, limit)}'
        for kind, keys in kinds.items() if keys
    ]


def compare_windows(expected: Mapping[str, torch.Tensor],
                    found: Mapping[str, Any]) -> list[str]:
    """Describe in which attention the window sizes differ.

    They show in the coordinates of the position bias. Where a checkpoint does
    not have these, nothing is compared.

    Args:
        expected: State dict of the model.
        found: State dict of a checkpoint.

    Returns:
        One line, or none.
    """
    other = [
        f'{key.rsplit(".", 2)[0]} ({_windows(found[key], value)})'
        for key, value in expected.items()
        if key.endswith('relative_coords_table') and key in found
        and not (value.shape == found[key].shape and torch.allclose(
            value.cpu().float(), found[key].cpu().float(), atol=1e-4))
    ]
    if not other:
        return []
    return [
        f'other window sizes (another size of model?): '
        f'{_listed(other, 3)}'
    ]


def compare_palettes(expected: Mapping[str, Sequence],
                     found: Mapping[str, Sequence]) -> list[str]:
    """Describe which tasks are drawn in other colours.

    Args:
        expected: The palette of each task of the model.
        found: Those of a checkpoint; tasks that it does not have are not
            compared.

    Returns:
        One line for each task that differs.
    """
    return [
        f'the colours of {task} are {found[task]} in the checkpoint, but '
        f'{palette} in model.codecs.{task}.palette'
        for task, palette in expected.items()
        if task in found and list(map(list, found[task])) != palette
    ]


def _listed(names: Sequence[str], limit: int = 10) -> str:
    return ', '.join(names[:limit]) + (', ...' if len(names) > limit else '')


def _windows(found: torch.Tensor, expected: torch.Tensor) -> str:
    """Describe two tables of coordinates, (1, 2 * w - 1, 2 * w - 1, 2)."""
    if found.shape == expected.shape:
        return 'another pretrained_window_size'
    return ' instead of '.join(
        str((table.shape[1] + 1) // 2) for table in (found, expected))


def _shape(value: Any) -> Any:
    return (tuple(value.shape)
            if isinstance(value, torch.Tensor) else type(value).__name__)
