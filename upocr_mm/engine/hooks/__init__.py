from .evaluation_report_hook import EvaluationReportHook
from .exact_resume_hook import ExactResumeHook
from .finite_training_hook import FiniteTrainingHook
from .preflight_hook import PreflightHook
from .resume_check_hook import ResumeCheckHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .task_meta_hook import TaskMetaHook
from .tf32_hook import TF32Hook

__all__ = [
    'EvaluationReportHook', 'ExactResumeHook', 'FiniteTrainingHook',
    'PreflightHook', 'ResumeCheckHook', 'SafeCheckpointHook', 'TF32Hook',
    'TaskMetaHook'
]
