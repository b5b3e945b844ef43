"""Export of trained networks, and sessions that run them fast on CPUs.

Importing this package imports no runtime: they are optional (extras
``openvino``, ``onnxruntime`` and ``int8``).
"""
from .base_session import BaseSession
from .export import Exported, export_onnx
from .load_model import load_model
from .load_session import load_session
from .model_info import ModelInfo, hash_weights
from .quantize import Quantized, quantize_int8

__all__ = [
    'BaseSession', 'Exported', 'ModelInfo', 'Quantized', 'export_onnx',
    'hash_weights', 'load_model', 'load_session', 'quantize_int8'
]
