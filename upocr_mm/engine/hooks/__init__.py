from .evaluation_report_hook import EvaluationReportHook
from .exact_resume_hook import ExactResumeHook
from .preflight_hook import PreflightHook

__all__ = ['EvaluationReportHook', 'ExactResumeHook', 'PreflightHook']
