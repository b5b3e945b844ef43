"""A page in the browser and an HTTP interface (extra ``web``)."""
import os

# Read when gradio is imported: it reports nothing to anybody.
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
from .http_api import create_app  # noqa: E402
from .page import add_page  # noqa: E402
from .server import Server, open_port  # noqa: E402
from .service import BusyError, PredictionService  # noqa: E402

__all__ = [
    'BusyError', 'PredictionService', 'Server', 'add_page', 'create_app',
    'open_port'
]
