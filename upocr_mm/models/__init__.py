from .backbones import MaskedSwinTransformerV2, PromptedSwinTransformerV2
from .data_preprocessor import ImageToImageDataPreprocessor
from .decode_heads import MaskBranch, PatchSplitHead, TextMaskHead
from .discriminators import TextRegionDiscriminator
from .initializers import ResidualPostNormInit
from .layers import TaskPrompt
from .losses import (HingeAdversarialLoss, MaskedPixelLoss,
                     MultiScalePixelLoss, VGGFeatureLoss)
from .segmentors import UPOCR, SegMIM, UPOCRTTAModel, ViTEraser
from .task_codecs import BinaryMaskCodec, ImageCodec, ImageTarget, PaletteCodec

__all__ = [
    'UPOCR', 'BinaryMaskCodec', 'HingeAdversarialLoss', 'ImageCodec',
    'ImageTarget', 'ImageToImageDataPreprocessor', 'MaskBranch',
    'MaskedPixelLoss', 'MaskedSwinTransformerV2', 'MultiScalePixelLoss',
    'PaletteCodec', 'PatchSplitHead', 'PromptedSwinTransformerV2',
    'ResidualPostNormInit', 'SegMIM', 'TaskPrompt', 'TextMaskHead',
    'TextRegionDiscriminator', 'UPOCRTTAModel', 'VGGFeatureLoss', 'ViTEraser'
]
