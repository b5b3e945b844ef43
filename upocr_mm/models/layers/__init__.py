from .lateral_connection import LateralConnection
from .patch_split import PatchSplit
from .shift_window_attention import ShiftWindowAttention, fuse_swin_blocks
from .task_prompt import TaskPrompt

__all__ = [
    'LateralConnection', 'PatchSplit', 'ShiftWindowAttention', 'TaskPrompt',
    'fuse_swin_blocks'
]
