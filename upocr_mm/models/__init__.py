from .backbones import PromptedSwinTransformerV2
from .data_preprocessor import ImageToImageDataPreprocessor
from .decode_heads import PatchSplitHead
from .initializers import ResidualPostNormInit
from .layers import TaskPrompt
from .losses import MultiScalePixelLoss, VGGFeatureLoss
from .segmentors import UPOCR, UPOCRTTAModel
from .task_codecs import BinaryMaskCodec, ImageCodec, ImageTarget, PaletteCodec

__all__ = [
    'UPOCR', 'BinaryMaskCodec', 'PromptedSwinTransformerV2', 'ImageCodec',
    'ImageTarget', 'ImageToImageDataPreprocessor', 'MultiScalePixelLoss',
    'PaletteCodec', 'PatchSplitHead', 'ResidualPostNormInit', 'TaskPrompt',
    'UPOCRTTAModel', 'VGGFeatureLoss'
]
