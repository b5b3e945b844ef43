from .hooks import EvaluationReportHook, ExactResumeHook, PreflightHook
from .schedulers import PeriodicLinearLR

__all__ = [
    'EvaluationReportHook', 'ExactResumeHook', 'PeriodicLinearLR',
    'PreflightHook'
]
