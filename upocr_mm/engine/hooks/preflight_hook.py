from __future__ import annotations
import difflib
from pathlib import Path
from typing import Any, Iterable, Sequence

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import BaseLoop, find_latest_checkpoint
from mmseg.registry import HOOKS

from ...checkpoint import (check_file, check_pretrained, compare_palettes,
                           compare_state_dicts, compare_training,
                           compare_windows, listed, require_training,
                           task_meta_of, weights_of)
from ...datasets import PairedResize
from ...evaluation import MultiTaskEvaluator
from ...utils import UsageError, data_tasks, unwrap
from ..config_check import check_config


@HOOKS.register_module()
class PreflightHook(Hook):
    """Refuses what would fail later or, worse, pass unnoticed.

    Before a run: a misspelled name or an impossible number in the config; a
    task in the data that the model has no prompt or no losses for, or that
    has no metric; pretrained weights (``init_cfg``) of which nothing fits; a
    best checkpoint asked for by a score that its metrics do
    not have (that of a disabled task is left out, with a warning); a
    checkpoint that does not exist or is damaged.
    Before weights are loaded: a checkpoint that lacks keys of the model,
    has other ones or other shapes (mmengine only warns), or was trained with
    other windows or other colors of a task (which nothing else would tell).
    After the first validation: a best checkpoint asked for by a score that it
    did not give (of metrics that do not name theirs, or left out for this
    data).

    A training may *start* from weights without prompts of some tasks: they
    are learned from their initial values; likewise what the checkpoint says
    of itself that it lacks. What belonged to its own training alone (such as
    the discriminator of ViTEraser) is left out.

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
            ValueError: The config has a misspelled name or an impossible
                number, the tasks of data, model and metrics do not fit
                together, the pictures are too small for the discriminator,
                or the checkpoint is damaged.
            FileNotFoundError: There is no such checkpoint.
        """
        check_config(runner.cfg)
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
                scored = [*evaluator.task_metrics, *evaluator.disabled_tasks]
                _require(split, loop, scored, f'{split}_evaluator.metrics')
                if split == 'val':
                    _check_save_best(runner, evaluator)
        _check_size(runner, model)
        _check_load_from(runner)
        if self.strict and _trains(runner):
            check_pretrained(model)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Compare a checkpoint with the model.

        Raises:
            ValueError: They differ; the message names the keys.
        """
        model = unwrap(runner.model)
        expected = model.state_dict()
        name = (
            runner._load_from or find_latest_checkpoint(runner.work_dir)
            or runner.work_dir)
        found = weights_of(checkpoint, name)
        meta = task_meta_of(checkpoint, name)
        if runner._resume:
            require_training(checkpoint, name)
            compare_training(checkpoint, name, runner.optim_wrapper,
                             runner.param_schedulers)
        starts = _trains(runner) and not runner._resume
        if starts:
            known = 'task_prompt.', *meta.get('missing', ())
            lacking = [
                key for key in expected
                if key not in found and key.startswith(known)
            ]
            if lacking:
                runner.logger.warning(
                    f'{runner._load_from} has no weights for '
                    f'{listed(lacking)}; they start from initial values')
            expected = {k: v for k, v in expected.items() if k not in lacking}
            ended = tuple(meta.get('training_only', ()))
            surplus = [
                key for key in found
                if key not in expected and key.startswith(ended)
            ] if ended else []
            if surplus:
                runner.logger.info(
                    f'{runner._load_from}: {len(surplus)} tensors were of its '
                    f'own training alone and are left out: {listed(surplus)}')
            found = {k: v for k, v in found.items() if k not in surplus}
            checkpoint['state_dict'] = found
        differences = compare_state_dicts(expected, found)
        if not starts:
            differences += compare_windows(expected, found)
        hint = ('\nTo load what fits: --cfg-options '
                'default_hooks.preflight.strict=False')
        if 'model' in found and 'state_dict' not in checkpoint:
            hint = ('\nPublished files of the authors are converted first: '
                    'tools/model_converters/upocr2mm.py')
        elif not set(expected) & set(found):
            hint = ''  # nothing fits
        colors = compare_palettes(
            getattr(model, 'task_meta', {}).get('palettes', {}),
            meta['palettes'])
        if colors:
            hint = ('\nThe colors belong to the weights: use a configuration '
                    'with those of the checkpoint (of the authors\' weights: '
                    '*_released-512x512.py)')
        differences += colors
        text = (f'the checkpoint {name} does '
                'not fit the model of the configuration:\n' +
                '\n'.join(differences))
        if differences and self.strict:
            raise ValueError(text + hint)
        if differences:
            runner.logger.warning(text)

    def after_val_epoch(self,
                        runner: Any,
                        metrics: dict | None = None) -> None:
        """Look whether the validation gives the scores of `save_best`.

        Raises:
            ValueError: It does not; the message names what is near.
        """
        for hook in runner.hooks:
            if not isinstance(hook, CheckpointHook) or not hook.save_best:
                continue
            if metrics:
                _require_scores(hook.key_indicators, metrics)


def _trains(runner: Any) -> bool:
    """Whether the run is a training: mmengine has built its loop."""
    return isinstance(runner._train_loop, BaseLoop)


def _require(split: str, loop: Any, known: Sequence[str], field: str) -> None:
    """Refuse a data set with tasks that a field of the config lacks."""
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    tasks = data_tasks(getattr(dataset, 'metainfo', None)) or ()
    unknown = sorted(set(tasks) - set(known))
    if unknown:
        raise ValueError(
            f'{split}_dataloader has the tasks {unknown}, but {field} has '
            f'only {list(known)}; add them there or switch them off, e.g. '
            f'--cfg-options {split}_dataloader.dataset.datasets.{unknown[0]}='
            'None')


def _check_save_best(runner: Any, evaluator: MultiTaskEvaluator) -> None:
    """Leave out best checkpoints by the scores of disabled tasks.

    Raises:
        UsageError: A score is that of no task, or of no metric, of the
            evaluator.
    """
    field = 'default_hooks.checkpoint.save_best'
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook) or not hook.save_best:
            continue
        rules, left_out = {}, []
        for name, rule in zip(hook.key_indicators, hook.rules):
            task = name.split('/')[0]
            if task in evaluator.disabled_tasks:
                left_out.append(name)
            elif name == 'auto' or task in evaluator.task_metrics:
                rules[name] = rule
            else:
                raise UsageError(
                    f'{field} names {name}, but the validation scores only '
                    f'the tasks {list(evaluator.task_metrics)}')
        if evaluator.score_names is not None:
            _require_scores(rules, evaluator.score_names)
        if left_out:
            runner.logger.warning(
                f'{field}: {left_out} left out, the validation does not '
                f'score these tasks; best checkpoints by: {list(rules)}')
            hook.key_indicators, hook.rules = list(rules), list(rules.values())
            hook.save_best = hook.key_indicators or None


def _require_scores(names: Iterable[str], given: Iterable[str]) -> None:
    """Refuse best checkpoints by scores that are not given."""
    for name in names:
        if name != 'auto' and name not in given:
            near = difflib.get_close_matches(name, given, 3, 0.)
            raise UsageError(
                f'default_hooks.checkpoint.save_best names {name}, but the '
                'validation gives no such score; near to it are '
                f'{", ".join(near)}')


def _check_size(runner: Any, model: Any) -> None:
    """Refuse pictures that are too small for a discriminator."""
    least = getattr(model, 'min_size', None)
    loop = runner._train_loop
    pipeline = getattr(
        getattr(getattr(loop, 'dataloader', None), 'dataset', None),
        'pipeline', None)
    if least is None:
        return
    for step in getattr(pipeline, 'transforms', ()):
        if isinstance(step, PairedResize) and min(step.scale) < least:
            raise ValueError(
                'train_dataloader resizes to {}x{}, but the discriminator '
                f'({len(model.discriminator.global_branch)} convolutions) '
                f'needs at least {least}x{least}; train at a larger size or '
                'with fewer model.discriminator.channels'.format(*step.scale))


def _check_note(file: Path) -> None:
    """Refuse what mmengine would wait for, or could not read."""
    if not file.exists():
        return
    if not file.is_file():
        raise ValueError(f'{file} is no file; remove it, or name a checkpoint '
                         'with --cfg-options load_from=FILE')
    try:
        file.read_text()
    except UnicodeDecodeError:
        raise ValueError(f'{file} does not hold the path of a checkpoint; '
                         'write one, or remove it') from None


def _check_load_from(runner: Any) -> None:
    """Refuse a checkpoint that is not there or damaged."""
    checkpoint = runner._load_from
    if runner._resume and checkpoint is None:
        _check_note(Path(runner.work_dir, 'last_checkpoint'))
        checkpoint = find_latest_checkpoint(runner.work_dir)
        if checkpoint is not None and not Path(checkpoint).is_file():
            raise FileNotFoundError(
                f'{runner.work_dir}/last_checkpoint names {checkpoint!r}, '
                'which is no file; name a checkpoint of this training with '
                '--cfg-options load_from=FILE')
    if checkpoint is None or '://' in checkpoint:
        return
    try:
        check_file(checkpoint)
    except FileNotFoundError as error:
        if not _trains(runner):
            raise
        raise FileNotFoundError(
            f'{error}, from which the training starts (load_from): train the '
            'stage before it (docs/pretraining.md), convert the published '
            'weights with tools/model_converters/upocr2mm.py, '
            'name another file, or train from random weights with '
            '--cfg-options load_from=None') from None
