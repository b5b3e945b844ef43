"""UPOCR, a generalist model for pixel-level OCR, as an MMSegmentation plugin.

Importing the package registers every model, data set, transform, metric, hook
and scheduler in ``mmseg.registry``; a config needs only ``custom_imports =
dict(imports=['upocr_mm'], allow_failed_imports=False)``.
"""
from .dependencies import check_dependencies
from .version import __version__

check_dependencies()

# The registering imports come after the check, so that a missing package is
# named with its remedy and not by the first import that fails.
from . import datasets, engine, evaluation, models, visualization  # noqa: E402

__all__ = [
    '__version__', 'datasets', 'engine', 'evaluation', 'models',
    'visualization'
]
