from .lateral_connection import LateralConnection
from .patch_split import PatchSplit
from .shift_window_attention import ShiftWindowAttention
from .swin_block import SwinBlock, adapt_swin_blocks
from .task_prompt import TaskPrompt

__all__ = [
    'LateralConnection', 'PatchSplit', 'ShiftWindowAttention', 'SwinBlock',
    'TaskPrompt', 'adapt_swin_blocks'
]
