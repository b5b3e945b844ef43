from __future__ import annotations

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from mmseg.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class PeriodicLinearLR(LRSchedulerMixin, _ParamScheduler):
    """Learning rate that changes linearly, but only once a period.

    UPOCR, appendix A.4: the rate "linearly decays per 200 iterations, finally
    reaching 0.00001 at the last 200 iterations". As in the authors' runs, the
    first periods warm up and the decay aims at zero after the last period and
    stops at ``end_factor``.

    With n periods, the rate of a group of base rate b in period p is

    - ``b * (start_factor + (1 - start_factor) * p / warmup_periods)`` for p <
      ``warmup_periods``,
    - ``b * max(end_factor, 1 - (p + 1) / n)`` after that.

    Args:
        optimizer: The optimizer (wrapper).
        period: Iterations in a period.
        end: Iteration at which the schedule ends; beyond it the rate stays.
        warmup_periods: Periods of the warm-up.
        start_factor: Rate of the first period, relative to the base rate.
        end_factor: Lowest rate of the decay, relative to the base rate.
        begin: First iteration of the schedule.
        last_step: Iteration to continue from, -1 for a new start.
        by_epoch: Must be False, the schedule counts iterations.
        verbose: Print each change.

    Raises:
        ValueError: The iterations are not a whole number of periods, the
            warm-up is longer than the schedule, or ``by_epoch`` is set.
    """

    def __init__(self,
                 optimizer,
                 period: int,
                 end: int,
                 warmup_periods: int = 0,
                 start_factor: float = 0.2,
                 end_factor: float = 0.02,
                 begin: int = 0,
                 last_step: int = -1,
                 by_epoch: bool = False,
                 verbose: bool = False) -> None:
        if by_epoch:
            raise ValueError('PeriodicLinearLR counts iterations, set '
                             'by_epoch=False')
        if period < 1 or (end - begin) % period or end <= begin:
            raise ValueError(
                'end - begin must be a positive multiple of period, but got '
                f'begin={begin}, end={end}, period={period}')
        self.num_periods = (end - begin) // period
        if not 0 <= warmup_periods <= self.num_periods:
            raise ValueError(
                f'warmup_periods must lie in 0..{self.num_periods}, but got '
                f'{warmup_periods}')
        self.period = period
        self.warmup_periods = warmup_periods
        self.start_factor = start_factor
        self.end_factor = end_factor
        super().__init__(
            optimizer,
            begin=begin,
            end=end,
            last_step=last_step,
            by_epoch=by_epoch,
            verbose=verbose)

    def _get_value(self) -> list[float]:
        """Rates of all groups at the current iteration."""
        p = min(self.last_step // self.period, self.num_periods - 1)
        return [self._rate(base, p) for base in self.base_values]

    def _rate(self, base: float, p: int) -> float:
        if p < self.warmup_periods:
            start = base * self.start_factor
            return (base - start) * p / self.warmup_periods + start
        return max(base * self.end_factor,
                   base * (self.num_periods - (p + 1)) / self.num_periods)
