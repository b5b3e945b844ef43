from .exact_resume_hook import ExactResumeHook
from .preflight_hook import PreflightHook

__all__ = ['ExactResumeHook', 'PreflightHook']
