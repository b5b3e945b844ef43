import torch
from mmseg.registry import OPTIMIZERS

from ..checkpoint import mmengine_loader, package_weights
from . import whole_local_backend
from .hooks import (EvaluationReportHook, ExactResumeHook, FiniteTrainingHook,
                    PreflightHook, ResumeCheckHook, SafeCheckpointHook,
                    TaskMetaHook, TF32Hook)
from .model_wrappers import SameStartWrapper
from .optim_wrappers import (Bfloat16OptimWrapper,
                             SeparateOptimWrapperConstructor)
from .schedulers import PeriodicLinearLR

# From now on no checkpoint runs code, and no file is half-written.
mmengine_loader.register()
package_weights.register()
whole_local_backend.register()
# Until the next release, for configs that still name it.
OPTIMIZERS.register_module('FusedAdamW', module=torch.optim.AdamW)

__all__ = [
    'Bfloat16OptimWrapper', 'EvaluationReportHook', 'ExactResumeHook',
    'FiniteTrainingHook', 'PeriodicLinearLR', 'PreflightHook',
    'ResumeCheckHook', 'SafeCheckpointHook', 'SameStartWrapper',
    'SeparateOptimWrapperConstructor', 'TF32Hook', 'TaskMetaHook'
]
