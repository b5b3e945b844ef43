"""A page in the browser and an HTTP interface (extra ``web``)."""
from .http_api import create_app
from .page import add_page
from .server import Server, open_port
from .service import BusyError, PredictionService

__all__ = [
    'BusyError', 'PredictionService', 'Server', 'add_page', 'create_app',
    'open_port'
]
