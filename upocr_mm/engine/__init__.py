from .hooks import EvaluationReportHook, ExactResumeHook, PreflightHook
from .optimizers import FusedAdamW
from .schedulers import PeriodicLinearLR

__all__ = [
    'EvaluationReportHook', 'ExactResumeHook', 'FusedAdamW',
    'PeriodicLinearLR', 'PreflightHook'
]
