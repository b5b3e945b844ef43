from __future__ import annotations
import logging
from pathlib import Path


def test_log_files_of_the_program_around_it_stay_open(server: object,
                                                      tmp_path: Path) -> None:
    """Also if a server is made after the log file."""
    from upocr_mm.apis.server import Server, open_port
    log = logging.FileHandler(tmp_path / 'run.log')
    with open_port('127.0.0.1', 0) as port:
        other = Server(server.service.inferencer, port)
        other.service.close()
    assert log.stream is not None and not log.stream.closed
    log.close()
