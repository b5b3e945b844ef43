"""Which numbers a config may hold, as one table."""
from __future__ import annotations
import fnmatch
import inspect
import math
from typing import Any, Iterator, Mapping, NamedTuple

from ..utils import UsageError


class Limit(NamedTuple):
    """What a number must be.

    Args:
        words: The same as a sentence has it, after "must be".
        low: The lowest value.
        high: The highest value.
        excluded: Values between them that are not allowed.
        integer: Whether it must be whole (``80e3`` is, as mmengine has it).
        others: Values that are allowed besides.
        each: Whether it may be several such numbers.
    """
    words: str
    low: float = -math.inf
    high: float = math.inf
    excluded: tuple[float, ...] = ()
    integer: bool = False
    others: tuple[Any, ...] = ()
    each: bool = False

    def allows(self, value: Any) -> bool:
        """Whether a value of a config is one of these numbers."""
        if self.each and isinstance(value, (list, tuple)):
            return all(map(self._replace(each=False).allows, value))
        if value in self.others:
            return True
        # True is no 1 here.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return (self.low <= value <= self.high and value not in self.excluded
                and not (self.integer and value != int(value)))


def _integer(low: int, *others: Any) -> Limit:
    words = ''.join(f' or {other}' for other in others)
    return Limit(
        f'an integer of at least {low}{words}',
        low,
        # the largest number that is no infinity
        1e308,
        integer=True,
        others=others)


NOT_NEGATIVE = Limit('a finite number of at least 0', 0, 1e308)
# None: the optimizer finds the rate itself.
RATE = NOT_NEGATIVE._replace(others=(None, ))
POSITIVE = Limit('a number above 0', 0, excluded=(0, ))
BELOW_ONE = Limit('a number of at least 0 and below 1', 0, 1, (1, ))
BETWEEN = Limit('a number between 0 and 1', 0, 1, (0, 1))
FRACTION = Limit('a number from 0 to 1', 0, 1)
SEED = Limit(f'an integer from 0 to {2**32 - 1}, or None', 0, 2**32 - 1,
             integer=True, others=(None, ))  # yapf: disable
# More would take the machine down, or be a slip.
WORKERS = Limit('an integer from 0 to 1024', 0, 1024, integer=True)
# Of a loop that counts in the integers of C.
STEPS = Limit(
    f'an integer of at least 1 and at most {2**31 - 1}',
    1,
    2**31 - 1,
    integer=True)
COUNT, INDEX, COUNT_OR_NEVER = _integer(1), _integer(0), _integer(1, -1)
COUNT_OR_NONE = _integer(1, None)

# Which multiply a weight decay that must be there.
DECAYS = ('bias_decay_mult', 'norm_decay_mult', 'dwconv_decay_mult')

# Of the fields that fit a pattern, or whose `type` is of a class of that name.
# What a class itself refuses, before data are read, need not stand here.
LIMITS: dict[str, dict[str, Limit]] = {
    '*': dict(loss_weight=NOT_NEGATIVE),
    'randomness': dict(seed=SEED),
    'train_cfg': dict(max_iters=STEPS, max_epochs=STEPS, val_interval=COUNT,
                      val_begin=INDEX),
    '*_dataloader': dict(batch_size=COUNT, num_workers=WORKERS,
                         prefetch_factor=COUNT_OR_NONE, timeout=NOT_NEGATIVE,
                         num_batch_per_epoch=COUNT_OR_NONE),
    '*sampler': dict(seed=SEED),
    'optim_wrapper*': dict(accumulative_counts=COUNT),
    # A negative norm would turn the gradients round, 0 would remove them.
    'optim_wrapper*.clip_grad': dict(
        max_norm=POSITIVE, clip_value=POSITIVE,
        norm_type=POSITIVE._replace(others=('inf', ))),
    'optim_wrapper*.loss_scale': dict(init_scale=POSITIVE,
                                      growth_factor=POSITIVE,
                                      backoff_factor=BETWEEN,
                                      growth_interval=COUNT),
    'optim_wrapper*.optimizer': dict(lr=RATE, weight_decay=NOT_NEGATIVE,
                                     momentum=BELOW_ONE, alpha=FRACTION,
                                     betas=BELOW_ONE._replace(each=True),
                                     eps=RATE._replace(each=True)),
    'optim_wrapper*.paramwise_cfg*': dict.fromkeys(
        ('lr_mult', 'decay_mult', 'bias_lr_mult', 'bias_decay_mult',
         'norm_decay_mult', 'flat_decay_mult', 'dwconv_decay_mult',
         'dcn_offset_lr_mult', 'decay_rate', 'layer_decay_rate'),
        NOT_NEGATIVE),
    '_ParamScheduler': dict(
        begin=INDEX, end=COUNT._replace(others=(math.inf, )),
        T_max=COUNT_OR_NONE, step_size=COUNT,
        period=COUNT, warmup_periods=INDEX, total_steps=COUNT,
        milestones=COUNT._replace(each=True),
        factor=NOT_NEGATIVE, start_factor=NOT_NEGATIVE,
        end_factor=NOT_NEGATIVE, gamma=NOT_NEGATIVE, power=NOT_NEGATIVE,
        eta_min=RATE, eta_min_ratio=FRACTION._replace(others=(None, )),
        eta_max=NOT_NEGATIVE._replace(each=True), patience=INDEX,
        cooldown=INDEX),
    'LogProcessor': dict(window_size=COUNT, num_digits=COUNT),
    'LoggerHook': dict(interval=COUNT),
    'CheckpointHook': dict(interval=COUNT_OR_NEVER,
                           max_keep_ckpts=COUNT_OR_NEVER, save_begin=INDEX),
    'EMAHook': dict(momentum=BETWEEN, gamma=INDEX, interval=COUNT,
                    begin_iter=INDEX, begin_epoch=INDEX),
    'PanelVisualizationHook': dict(interval=COUNT, sheet_rows=INDEX),
    'SegVisualizationHook': dict(interval=COUNT),
}  # yapf: disable


def check_limits(field: str, entry: Mapping[str, Any],
                 kind: type | None) -> None:
    """Refuse impossible numbers in a dict of a config.

    Args:
        field: The field of the dict.
        entry: The dict.
        kind: The class that its ``type`` names, if any.

    Raises:
        UsageError: The message names the field, the value and what is
            allowed.
    """
    for key, limit in _limits(field, kind):
        if key in entry and not limit.allows(entry[key]):
            raise UsageError(f'{field}.{key} must be {limit.words}, but got '
                             f'{entry[key]!r}')
    _check_betas(field, entry, kind)
    _check_loss_scale(field, entry)
    _check_pairs(field, entry)
    _check_workers(field, entry)


def _limits(field: str, kind: type | None) -> Iterator[tuple[str, Limit]]:
    classes = {base.__name__ for base in getattr(kind, '__mro__', ())}
    for name, limits in LIMITS.items():
        if name in classes or fnmatch.fnmatchcase(field, name):
            yield from limits.items()


def _check_betas(field: str, entry: Mapping[str, Any],
                 kind: type | None) -> None:
    """As many as the optimizer has by itself."""
    if 'betas' not in entry or not inspect.isclass(kind):
        return
    found = inspect.signature(kind).parameters.get('betas')
    default = getattr(found, 'default', None)
    value = entry['betas']
    if isinstance(default, tuple) and not (isinstance(value, (list, tuple))
                                           and len(value) == len(default)):
        raise UsageError(f'{field}.betas must be {len(default)} numbers, but '
                         f'got {value!r}')


def _check_loss_scale(field: str, entry: Mapping[str, Any]) -> None:
    """A number, a dict of numbers or, as the only word, 'dynamic'."""
    value = entry.get('loss_scale', 1)
    if (field.startswith('optim_wrapper') and not isinstance(value, dict)
            and value != 'dynamic' and not POSITIVE.allows(value)):
        raise UsageError(f"{field}.loss_scale must be a number above 0, "
                         f"'dynamic' or a dict, but got {value!r}")


def _check_pairs(field: str, entry: Mapping[str, Any]) -> None:
    """What cannot stand together, or not alone."""
    if field.endswith('_dataloader') and entry.get('shuffle') and (
            entry.get('sampler') or entry.get('batch_sampler')):
        raise UsageError(f'{field}.shuffle cannot go with a sampler or '
                         'batch_sampler, which has a shuffle of its own')
    if field == 'train_cfg' and {'type', 'by_epoch'} <= set(entry):
        raise UsageError('train_cfg.by_epoch cannot go with train_cfg.type, '
                         f'but got {entry["by_epoch"]!r}')
    # Of mmengine's own constructor.
    paramwise = entry.get('paramwise_cfg') or {}
    decays = [key for key in DECAYS if key in paramwise]
    optimizer = entry.get('optimizer') or {}
    if decays and 'constructor' not in entry and optimizer.get(
            'weight_decay') is None:
        raise UsageError(f'{field}.paramwise_cfg.{decays[0]} needs '
                         f'{field}.optimizer.weight_decay')


def _check_workers(field: str, entry: Mapping[str, Any]) -> None:
    """What only processes of their own can have."""
    if not field.endswith('_dataloader') or entry.get('num_workers'):
        return
    for key, remedy in (('persistent_workers', False), ('prefetch_factor',
                                                        None), ('timeout', 0),
                        ('multiprocessing_context', None)):
        if entry.get(key):
            raise UsageError(f'{field}.{key} needs {field}.num_workers of at '
                             'least 1, but got '
                             f'{entry.get("num_workers", 0)}; set '
                             f'{key}={remedy}')
