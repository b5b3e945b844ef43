"""UPOCR, a generalist model for pixel-level OCR, as an MMSegmentation plugin.

Importing the package registers every model, data set, transform, metric, hook
and scheduler in ``mmseg.registry``; a config needs only ``custom_imports =
dict(imports=['upocr_mm'], allow_failed_imports=False)``.
"""
import contextlib
import io
import warnings

from .dependencies import check_dependencies
from .version import __version__

check_dependencies()

# The libraries below tell, some on the standard output, that they lack parts
# which are not used here.
with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScale')
    # After the check, so that a missing package is named with its remedy and
    # not by the first import that fails.
    from . import datasets, engine, evaluation, models, visualization

__all__ = [
    '__version__', 'datasets', 'engine', 'evaluation', 'models',
    'visualization'
]
