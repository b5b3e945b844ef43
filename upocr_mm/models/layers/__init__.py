from .lateral_connection import LateralConnection
from .patch_split import PatchSplit
from .shift_window_attention import ShiftWindowAttention, use_fused_attention
from .task_prompt import TaskPrompt

__all__ = [
    'LateralConnection', 'PatchSplit', 'ShiftWindowAttention', 'TaskPrompt',
    'use_fused_attention'
]
