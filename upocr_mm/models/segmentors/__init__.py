from .upocr import UPOCR

__all__ = ['UPOCR']
