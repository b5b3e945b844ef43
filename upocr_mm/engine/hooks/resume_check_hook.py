from __future__ import annotations
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmseg.registry import HOOKS

CONFIG, CHECKPOINT = 'configuration', 'checkpoint'


@HOOKS.register_module()
class ResumeCheckHook(Hook):
    """Says what differs when a training is resumed with another config.

    Each checkpoint holds a few facts of its training as plain data
    (``meta['run']``). With ``--resume`` they are compared, and a warning for
    each difference says whose value counts: mmengine takes rates and schedule
    from the checkpoint, all else from the configuration.
    """

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add the facts."""
        checkpoint['meta']['run'] = facts_of(runner)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Compare, if a training is resumed."""
        if not runner._resume:
            return
        meta = checkpoint.get('meta')
        done = meta.get('iter') if isinstance(meta, dict) else None
        length = (runner.cfg.get('train_cfg') or {}).get('max_iters')
        if length and isinstance(done, int) and done >= length:
            runner.logger.warning(
                f'The checkpoint is of iteration {done}, train_cfg.max_iters '
                f'is {length}: nothing is left to train')
        before = meta.get('run') if isinstance(meta, dict) else None
        if not isinstance(before, dict):
            return  # a checkpoint of an earlier version
        for text in differences(before, facts_of(runner)):
            runner.logger.warning(f'Resumed with another {text}')


def facts_of(runner: Any) -> dict[str, Any]:
    """What a training should keep when it is resumed, as plain data."""
    cfg = runner.cfg
    loader = cfg.get('train_dataloader') or {}
    dataset = loader.get('dataset') or {}
    children = dataset.get('datasets')
    if not isinstance(children, dict):
        children = {'': dataset}
    wrapper = cfg.get('optim_wrapper') or {}
    optimizer = wrapper.get('optimizer') or {}
    facts = {
        'train_dataloader.batch_size': loader.get('batch_size'),
        'number of processes': get_world_size(),
        'optim_wrapper.accumulative_counts':
        wrapper.get('accumulative_counts', 1),
        'optim_wrapper.optimizer.type': optimizer.get('type'),
        'optim_wrapper.optimizer.lr': optimizer.get('lr'),
        'optim_wrapper.optimizer.weight_decay': optimizer.get('weight_decay'),
        'param_scheduler': str(_plain(cfg.get('param_scheduler'))),
        'train_cfg.max_iters': (cfg.get('train_cfg') or {}).get('max_iters'),
        'train_dataloader: tasks': [t for t, d in children.items() if d],
    }
    for task, child in children.items():
        if child:
            where = f'{child.get("type")} in {child.get("data_root")}'
            name = f'train_dataloader: data set {task}'.rstrip()
            facts[name] = f'{where} {_plain(child.get("data_prefix")) or ""}'
    sizes = getattr(runner.train_dataloader.dataset, 'task_ranges', {})
    for task, (start, stop) in sizes.items():
        facts[f'train_dataloader: samples of {task}'] = stop - start
    return facts


# What mmengine takes from the checkpoint.
_OF_CHECKPOINT = ('optim_wrapper.optimizer.lr',
                  'optim_wrapper.optimizer.weight_decay', 'param_scheduler')


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Describe what differs and which value counts.

    Args:
        before: Facts of the checkpoint.
        now: Those of the configuration.

    Returns:
        A line for each fact that both have.
    """
    lines = []
    for name in before.keys() & now.keys():
        if before[name] != now[name]:
            counts = CHECKPOINT if name in _OF_CHECKPOINT else CONFIG
            lines.append(f'{name}: {before[name]} in the checkpoint, '
                         f'{now[name]} in the configuration; that of the '
                         f'{counts} counts')
    return sorted(lines)


def _plain(value: Any) -> Any:
    """Lists, dicts, numbers and strings of a config."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
