"""How a command ends on what its user caused: one sentence, an exit code."""
from __future__ import annotations
import contextlib
import logging
import re
import sys
from pathlib import Path
from typing import Iterator

from .reason_of import reason_of
from .termination import Terminated, terminated_as_interrupted

EXIT_DATA, EXIT_USAGE, EXIT_INTERRUPT, EXIT_TERMINATED = 1, 2, 130, 143
# What mmengine puts before the errors of what it builds.
_BUILT = re.compile(r'^(class `\w+` in \S+\.py: )+')
# How the errors of a DataLoader's workers begin and end.
_WORKER = re.compile(r'^Caught \w+ in .*^\w[\w.]*(?:Error|Exception): ',
                     re.DOTALL | re.MULTILINE)
_NO_MEMORY = re.compile(
    r"out of memory|can.t allocate memory|bad_alloc|(not enough|insufficient) "
    'memory', re.IGNORECASE)


class UsageError(ValueError):
    """Something in a command line is wrong."""


def sentence_of(error: BaseException) -> str:
    """What an error tells, without the words of the libraries around it.

    Args:
        error: Any error.

    Returns:
        Its message. Those of the system name the file; those that were not
        made for users (``KeyError`` and the like) name their kind.
    """
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2)
                 if name is not None]  # yapf: disable
        return ': '.join([*names[:1], error.strerror])
    text = _BUILT.sub('', _WORKER.sub('', str(error)))
    if isinstance(error, (ValueError, OSError, ImportError, TypeError,
                          FloatingPointError)) and text:
        return text
    return f'{type(error).__name__}: {reason_of(error)}'


def exit_code_of(error: BaseException) -> int:
    """The exit code for an error.

    Args:
        error: Any error.

    Returns:
        2 if the command line names what is not there or cannot be, else 1.
    """
    usage = (UsageError, FileNotFoundError, NotADirectoryError,
             IsADirectoryError, ImportError)
    return EXIT_USAGE if isinstance(error, usage) else EXIT_DATA


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error tells that memory, also of a device, was too small.

    Args:
        error: Any error; PyTorch, OpenCV and the runtimes have none of their
            own for the memory of the host.
    """
    return isinstance(error, MemoryError) or bool(
        _NO_MEMORY.search(str(error)))


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Let the main function of a tool end on one sentence.

    What its user can cause ends the process so: files that are missing,
    damaged or cannot be written, values that are not allowed, an interrupt or
    SIGTERM.
    Errors of the program itself keep their traceback.
    """
    name = Path(sys.argv[0]).name
    before = logging.raiseExceptions
    # A log that cannot be written any more prints no traceback for each line.
    logging.raiseExceptions = False
    try:
        with terminated_as_interrupted():
            yield
    except KeyboardInterrupt as error:
        print(f'{name}: interrupted', file=sys.stderr)
        sys.exit(
            EXIT_TERMINATED if isinstance(error, Terminated
                                          ) else EXIT_INTERRUPT)
    except (ValueError, OSError, ImportError, SyntaxError) as error:
        print(f'{name}: {sentence_of(error)}', file=sys.stderr)
        sys.exit(exit_code_of(error))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        print(f'{name}: not enough memory: {reason_of(error)}',
              file=sys.stderr)  # yapf: disable
        sys.exit(EXIT_DATA)
    finally:
        logging.raiseExceptions = before
