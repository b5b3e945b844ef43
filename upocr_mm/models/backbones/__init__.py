from .prompted_swin_transformer_v2 import PromptedSwinTransformerV2

__all__ = ['PromptedSwinTransformerV2']
