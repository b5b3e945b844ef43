from .hinge_adversarial_loss import HingeAdversarialLoss
from .masked_pixel_loss import MaskedPixelLoss
from .multi_scale_pixel_loss import MultiScalePixelLoss
from .vgg_feature_loss import VGGFeatureLoss

__all__ = [
    'HingeAdversarialLoss', 'MaskedPixelLoss', 'MultiScalePixelLoss',
    'VGGFeatureLoss'
]
