from .multi_scale_pixel_loss import MultiScalePixelLoss
from .vgg_feature_loss import VGGFeatureLoss

__all__ = ['MultiScalePixelLoss', 'VGGFeatureLoss']
