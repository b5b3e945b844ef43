from .evaluation_report_hook import EvaluationReportHook
from .exact_resume_hook import ExactResumeHook
from .preflight_hook import PreflightHook
from .task_meta_hook import TaskMetaHook
from .tf32_hook import TF32Hook

__all__ = [
    'EvaluationReportHook', 'ExactResumeHook', 'PreflightHook', 'TF32Hook',
    'TaskMetaHook'
]
