from __future__ import annotations
from typing import Iterator

import pytest

from upocr_mm.apis import UPOCRInferencer


@pytest.fixture(scope='session')
def server(inferencer: UPOCRInferencer) -> Iterator:
    """A running server with the tiny model, small limits."""
    pytest.importorskip('gradio')
    from upocr_mm.apis.server import Server, open_port
    with open_port('127.0.0.1', 0) as port:
        server = Server(
            inferencer, port, max_bytes=200_000, max_pixels=100_000)
        thread = server.start()
        yield server
        server.stop()
        thread.join(30)
