from .inferencer import UPOCRInferencer
from .options import PredictOptions
from .picture import Picture, read_pictures
from .prediction import Prediction
from .saving import save_image, save_prediction

__all__ = [
    'Picture', 'PredictOptions', 'Prediction', 'UPOCRInferencer',
    'read_pictures', 'save_image', 'save_prediction'
]
