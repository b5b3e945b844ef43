from .craft import CRAFT
from .inception import InceptionFeatures, inception_weights

__all__ = ['CRAFT', 'InceptionFeatures', 'inception_weights']
