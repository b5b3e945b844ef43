import torch
from mmseg.registry import OPTIMIZERS

from ..checkpoint.mmengine_loader import register
from .hooks import (EvaluationReportHook, ExactResumeHook, PreflightHook,
                    TaskMetaHook, TF32Hook)
from .model_wrappers import SameStartWrapper
from .optim_wrappers import (Bfloat16OptimWrapper,
                             SeparateOptimWrapperConstructor)
from .schedulers import PeriodicLinearLR

# From now on no checkpoint runs code.
register()
# Until the next release, for configs that still name it.
OPTIMIZERS.register_module('FusedAdamW', module=torch.optim.AdamW)

__all__ = [
    'Bfloat16OptimWrapper', 'EvaluationReportHook', 'ExactResumeHook',
    'PeriodicLinearLR', 'PreflightHook', 'SameStartWrapper',
    'SeparateOptimWrapperConstructor', 'TF32Hook', 'TaskMetaHook'
]
