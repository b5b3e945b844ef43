from .patch_split_head import PatchSplitHead

__all__ = ['PatchSplitHead']
