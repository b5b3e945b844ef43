from .craft import CRAFT
from .inception import WEIGHTS_URL, InceptionFeatures, inception_weights

__all__ = ['CRAFT', 'WEIGHTS_URL', 'InceptionFeatures', 'inception_weights']
