"""Runs one hostile input and judges what became of it.

A table of :class:`Case` is a test::

    CASES = [Case('what it is', make, tool('tools/x.py', 'a'), 'sentence')]

    @pytest.mark.parametrize('case', params(CASES))
    def test_it(case, hostile):
        hostile(case)
"""
from __future__ import annotations
import contextlib
import fnmatch
import hashlib
import io
import logging
import os
import re
import resource
import runpy
import signal
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator, NamedTuple

import pytest
from mmengine.logging import MMLogger

ROOT = Path(__file__).resolve().parents[2]
# A payload that ran leaves this file in the folder of its case.
CANARY = 'canary'
# What tools write before it gets its name.
UNFINISHED = ('.*', '*.part', '*.part.*', '*.tmp', '*~', 'tmp*')
PATIENCE = 120  # seconds


class Command(NamedTuple):
    """A command line, run in this process.

    Args:
        main: The file of a tool, below the repository, or a function.
        args: The arguments. Paths are relative to the folder of the case.
    """
    main: str | Callable
    args: tuple[str, ...]


def tool(main: str | Callable, *args: object) -> Command:
    """The command line of a tool or of an entry point."""
    return Command(main, tuple(map(str, args)))


@dataclass(frozen=True)
class Case:
    """One input, and what is to become of it.

    Args:
        name: What is wrong or odd with the input.
        make: Makes the input in an empty folder, which then is the current
            one.
        run: A command, or a function of the folder.
        says: Regular expression of what is printed or raised. Of a function
            that returns, its result counts as printed.
        code: Exit code of the command; 0 if the input is rightly accepted.
        raises: What the function raises; nothing if the input is accepted.
        leaves: Patterns of new files, relative to the folder. Everything else
            is removed, also after an error.
        changes: Patterns of files of the input that may change.
        during: Context in which it runs, as :func:`no_room`.
        slow: Whether it takes more than a second.
    """
    name: str
    make: Callable[[Path], Any]
    run: Command | Callable[[Path], Any]
    says: str = ''
    code: int = 1
    raises: type[Exception] | tuple[type[Exception], ...] = ()
    leaves: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    during: Callable[[], ContextManager] = contextlib.nullcontext
    slow: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the input is odd, but valid."""
        is_command = isinstance(self.run, Command)
        return self.code == 0 if is_command else not self.raises


class Outcome(NamedTuple):
    """What a run ended in: exit code or exception, and what was printed."""
    ended: int | BaseException
    printed: str


class Verdict(AssertionError):
    """The case did not end as it should.

    Args:
        kind: ``raw``, ``unclear``, ``silent``, ``refused``, ``executed``,
            ``hung``, ``littered`` or ``destructive``.
        text: What happened.
    """

    def __init__(self, kind: str, text: object) -> None:
        super().__init__(f'{kind}: {text}')
        self.kind = kind


class Payload:
    """An object whose unpickling runs a command, which leaves the canary.

    Args:
        folder: The folder of the case.
    """

    def __init__(self, folder: Path) -> None:
        self.command = f'touch {folder / CANARY}'

    def __reduce__(self) -> tuple:
        return os.system, (self.command, )


class _Hung(BaseException):
    """Takes a run out of what it waits for."""


def params(cases: list[Case]) -> list:
    """Cases as pytest takes them, with their names and marks."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), 'two cases of one name'
    return [
        pytest.param(
            case, id=case.name, marks=[pytest.mark.slow] if case.slow else [])
        for case in cases
    ]


@contextlib.contextmanager
def no_room(size: int = 100) -> Iterator[None]:
    """No file can grow beyond a size, as if the disk were full.

    Args:
        size: Bytes.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def judge(case: Case, folder: Path) -> str:
    """Make the input of a case, run it and look at what became of it.

    Args:
        case: The case.
        folder: An empty folder.

    Returns:
        ``'clear'`` or ``'accepted'``.

    Raises:
        Verdict: It did not end as it should.
    """
    case.make(folder)
    before = _content(folder)
    with _chdir(folder), case.during():
        ended, printed = _run(case, folder)
    if (folder / CANARY).exists():
        raise Verdict('executed', printed)
    _judge_end(case, ended, printed)
    _judge_files(case, before, _content(folder))
    return 'accepted' if case.accepted else 'clear'


def _judge_end(case: Case, ended: Any, printed: str) -> None:
    if isinstance(ended, _Hung):
        raise Verdict('hung', f'{PATIENCE} s: {printed}')
    if 'Traceback (most recent call last)' in printed:
        raise Verdict('raw', printed)
    if isinstance(ended, BaseException):
        if not isinstance(ended, case.raises or ()):
            kind = 'refused' if case.accepted else 'raw'
            raise Verdict(kind, f'{ended!r}\n{printed}') from ended
        printed += str(ended)
    elif isinstance(case.run, Command):
        if ended != case.code:
            kind = 'unclear' if ended else 'silent'
            kind = 'refused' if case.accepted else kind
            raise Verdict(kind, f'exit code {ended}: {printed}')
    elif case.raises:
        raise Verdict('silent', printed)
    if not re.search(case.says, printed, re.S):
        raise Verdict('unclear', f'no {case.says!r} in: {printed}')


def _judge_files(case: Case, before: dict[str, str], after: dict[str,
                                                                 str]) -> None:
    changed = [
        path for path in before if after.get(path) != before[path] and not any(
            fnmatch.fnmatch(path, p) for p in case.changes)
    ]
    if changed:
        raise Verdict('destructive', f'changed or removed: {changed}')
    new = sorted(after.keys() - before)
    unfinished = [
        path for path in new if any(
            fnmatch.fnmatch(os.path.basename(path), p) for p in UNFINISHED)
    ]
    if unfinished:
        raise Verdict('littered', f'not finished: {unfinished}')
    other = [
        path for path in new
        if not any(fnmatch.fnmatch(path, p) for p in case.leaves)
    ]
    if other:
        raise Verdict('littered', f'left behind: {other}')


def _run(case: Case, folder: Path) -> Outcome:
    output = io.StringIO()
    logger = MMLogger.get_current_instance()
    handler = logging.StreamHandler(output)
    handler.setLevel(logging.INFO)
    logger.addHandler(handler)
    old = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(PATIENCE)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(
                output):
            if isinstance(case.run, Command):
                ended = _exit_code(case.run, output)
            else:
                output.write(str(case.run(folder)))
                ended = 0
    except (Exception, SystemExit, _Hung) as error:
        ended = error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
        logger.removeHandler(handler)
    return Outcome(ended, output.getvalue())


def _exit_code(command: Command, output: io.StringIO) -> int:
    main, argv = command.main, sys.argv
    sys.argv = [str(main), *command.args]
    try:
        if isinstance(main, str):
            runpy.run_path(str(ROOT / main), run_name='__main__')
            return 0
        return main() or 0
    except SystemExit as end:
        # As the interpreter does.
        if isinstance(end.code, str):
            print(end.code, file=output)
            return 1
        return end.code or 0
    finally:
        sys.argv = argv


def _hang(*args: object) -> None:
    raise _Hung


# contextlib.chdir is of Python 3.11.
@contextlib.contextmanager
def _chdir(folder: Path) -> Iterator[None]:
    old = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


def _content(folder: Path) -> dict[str, str]:
    """What every path below a folder is: a hash, a link, a kind."""
    content = {}
    for path in folder.rglob('*'):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and os.access(path, os.R_OK):
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        elif stat.S_ISLNK(mode):
            what = f'link to {os.readlink(path)}'
        else:
            what = str(stat.S_IFMT(mode))
        content[path.relative_to(folder).as_posix()] = what
    return content
