from .hooks import ExactResumeHook, PreflightHook
from .schedulers import PeriodicLinearLR

__all__ = ['ExactResumeHook', 'PeriodicLinearLR', 'PreflightHook']
