from .released_weights import (RELEASED_TASKS, Conversion, convert_released,
                               export_released)
from .safe_load import load_tensors

__all__ = [
    'RELEASED_TASKS', 'Conversion', 'convert_released', 'export_released',
    'load_tensors'
]
