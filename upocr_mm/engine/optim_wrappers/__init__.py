from .bfloat16_optim_wrapper import Bfloat16OptimWrapper
from .separate_optim_wrapper_constructor import SeparateOptimWrapperConstructor

__all__ = ['Bfloat16OptimWrapper', 'SeparateOptimWrapperConstructor']
