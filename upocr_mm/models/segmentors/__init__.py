from .upocr import UPOCR
from .upocr_tta import UPOCRTTAModel

__all__ = ['UPOCR', 'UPOCRTTAModel']
