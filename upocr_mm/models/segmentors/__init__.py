from .base_image_to_image import BaseImageToImage
from .segmim import SegMIM
from .upocr import UPOCR
from .upocr_tta import UPOCRTTAModel
from .viteraser import ViTEraser

__all__ = ['BaseImageToImage', 'SegMIM', 'UPOCR', 'UPOCRTTAModel', 'ViTEraser']
