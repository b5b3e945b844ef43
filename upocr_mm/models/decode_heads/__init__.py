from .mask_branch import MaskBranch
from .patch_split_head import PatchSplitHead
from .text_mask_head import TextMaskHead

__all__ = ['MaskBranch', 'PatchSplitHead', 'TextMaskHead']
