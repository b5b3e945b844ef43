from .masked_swin_transformer_v2 import MaskedSwinTransformerV2
from .prompted_swin_transformer_v2 import PromptedSwinTransformerV2

__all__ = ['MaskedSwinTransformerV2', 'PromptedSwinTransformerV2']
