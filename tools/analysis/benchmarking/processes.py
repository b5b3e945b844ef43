"""Fresh processes that answer orders."""
from __future__ import annotations
import multiprocessing
import os
import sys
import traceback
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Callable, Iterator

# Characters at the beginning and at the end of a traceback.
SHOWN = 3000


class WorkerError(RuntimeError):
    """A worker process failed; the reason, and in further lines where."""


class Worker:
    """A process that answers orders one by one.

    Args:
        serve: Runs in the process with a pipe to this one and ``args``.
        args: Further arguments of ``serve``.
    """

    def __init__(self, serve: Callable, *args: Any) -> None:
        # Forked processes would share what this one has loaded.
        context = multiprocessing.get_context('spawn')
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_guarded, args=(serve, theirs, *args))
        with _hidden_output():
            self._process.start()
        # So that the end of the process ends the pipe.
        theirs.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *args: Any) -> None:
        self._connection.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def answer(self) -> Any:
        """Wait for what the process sends.

        Raises:
            WorkerError: It failed or died.
        """
        try:
            kind, answer = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise WorkerError(
                'the process died with exit code '
                f'{self._process.exitcode}; -9 means that it was killed, '
                'for instance because memory ran out') from None
        if kind == 'error':
            raise WorkerError(answer)
        return answer

    def ask(self, order: Any) -> Any:
        """Send an order and wait for the answer."""
        try:
            self._connection.send(order)
        except (BrokenPipeError, ConnectionError):
            pass  # answer() says why
        return self.answer()


@contextmanager
def _hidden_output() -> Iterator[None]:
    """Processes that are started inside print nothing.

    What packages say when they are imported would fill pages; errors come
    through the pipe.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nothing, number)
        yield
    finally:
        for number, copy in zip((1, 2), kept):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nothing)


def _guarded(serve: Callable, connection: Connection, *args: Any) -> None:
    """Send what fails instead of printing it."""
    try:
        serve(connection, *args)
    except (EOFError, KeyboardInterrupt, ConnectionError):
        pass  # the parent has no more orders
    except Exception as error:
        reason = f'{type(error).__name__}: {error}'.splitlines()[0]
        details = traceback.format_exc()
        if len(details) > 2 * SHOWN:  # a compiler's can have 1000 lines
            details = f'{details[:SHOWN]}\n...\n{details[-SHOWN:]}'
        connection.send(('error', f'{reason}\n{details}'))


def call(function: Callable, *args: Any) -> Any:
    """Call a function in a fresh process.

    Raises:
        WorkerError: It failed.
    """
    with Worker(_serve_call, function, *args) as worker:
        return worker.answer()


def _serve_call(connection: Connection, function: Callable, *args:
                Any) -> None:
    connection.send(('done', function(*args)))
