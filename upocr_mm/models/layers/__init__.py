from .fused_swin_block import FusedSwinBlock, fuse_swin_blocks
from .lateral_connection import LateralConnection
from .patch_split import PatchSplit
from .shift_window_attention import ShiftWindowAttention
from .task_prompt import TaskPrompt

__all__ = [
    'FusedSwinBlock', 'LateralConnection', 'PatchSplit',
    'ShiftWindowAttention', 'TaskPrompt', 'fuse_swin_blocks'
]
