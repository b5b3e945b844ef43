from .base_text_detector import BaseTextDetector
from .craft_text_detector import CRAFTTextDetector
from .rapidocr_text_detector import RapidOCRTextDetector
from .stored_text_detector import StoredTextDetector

__all__ = [
    'BaseTextDetector', 'CRAFTTextDetector', 'RapidOCRTextDetector',
    'StoredTextDetector'
]
