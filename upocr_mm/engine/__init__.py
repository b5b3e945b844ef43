import torch
from mmseg.registry import OPTIMIZERS

from .hooks import (EvaluationReportHook, ExactResumeHook, PreflightHook,
                    TaskMetaHook, TF32Hook)
from .schedulers import PeriodicLinearLR

# Until the next release, for configs that still name it.
OPTIMIZERS.register_module('FusedAdamW', module=torch.optim.AdamW)

__all__ = [
    'EvaluationReportHook', 'ExactResumeHook', 'PeriodicLinearLR',
    'PreflightHook', 'TF32Hook', 'TaskMetaHook'
]
