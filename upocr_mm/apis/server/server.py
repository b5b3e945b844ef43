from __future__ import annotations
import socket
import threading

import uvicorn

from ..inferencer import UPOCRInferencer
from .http_api import create_app
from .page import add_page
from .service import PredictionService


def open_port(host: str, port: int) -> socket.socket:
    """Take a port before a model is loaded.

    Args:
        host: Name or address of an interface of this machine.
        port: The port; 0 takes a free one.

    Raises:
        ValueError: It cannot be taken, for instance because another server
            has it.
    """
    try:
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, 'strerror', None) or str(error)
        raise ValueError(f'port {port} of {host} cannot be opened ({reason}); '
                         'another server may run there: choose another one '
                         '(--port)') from None


class Server:
    """The page and the HTTP interface of one model.

    Args:
        inferencer: The model.
        port: An open socket, see :func:`open_port`.
        max_bytes: Largest size of an upload, in bytes.
        max_pixels: Largest number of pixels of a picture.
        max_waiting: Pictures that may wait.
    """

    def __init__(self,
                 inferencer: UPOCRInferencer,
                 port: socket.socket,
                 max_bytes: int = 32 * 2**20,
                 max_pixels: int = 50_000_000,
                 max_waiting: int = 16) -> None:
        self.service = PredictionService(inferencer, max_pixels, max_waiting)
        self._port = port
        app = add_page(
            create_app(self.service, max_bytes), self.service, max_bytes)
        # Without `log_config=None` uvicorn configures the logging of the whole
        # process, which closes the log files of the program around it.
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, log_level='warning', lifespan='on'))

    @property
    def address(self) -> str:
        """Where it is reached."""
        host, port = self._port.getsockname()[:2]
        return f'http://{f"[{host}]" if ":" in host else host}:{port}'

    def run(self) -> None:
        """Serve until interrupted."""
        try:
            self._server.run(sockets=[self._port])
        except KeyboardInterrupt:
            pass
        finally:
            self.service.close()

    def start(self) -> threading.Thread:
        """Serve in a thread, which ends after :meth:`stop`."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End when the present requests are answered."""
        self._server.should_exit = True
