"""The suite sees what it is there to see."""
from __future__ import annotations
import pickle
import time
from pathlib import Path

import harness
import pytest
from harness import Case, Payload, Verdict, judge, no_room, tool


def _nothing(folder: Path) -> None:
    (folder / 'mine').write_text('mine')


def _fail(folder: Path) -> None:
    raise ValueError('x must be 1')


def _crash(folder: Path) -> None:
    raise KeyError('x')


def _execute(folder: Path) -> None:
    pickle.loads(pickle.dumps(Payload(folder)))
    _fail(folder)


def _litter(folder: Path) -> None:
    (folder / '.half').write_text('')
    _fail(folder)


def _leave(folder: Path) -> None:
    (folder / 'more').write_text('')
    _fail(folder)


def _destroy(folder: Path) -> None:
    (folder / 'mine').write_text('ours')
    _fail(folder)


def _hang(folder: Path) -> None:
    time.sleep(60)


def _exit(code):

    def main() -> None:
        raise SystemExit(code)

    return main


def _traceback() -> int:
    print('Traceback (most recent call last): x')
    return 1


BAD = [
    (_crash, dict(raises=ValueError), 'raw'),
    (tool(_traceback), dict(code=1), 'raw'),
    (_fail, dict(raises=ValueError, says='y'), 'unclear'),
    (tool(_exit(2)), dict(code=1), 'unclear'),
    (_nothing, dict(raises=ValueError), 'silent'),
    (tool(_exit(0)), dict(code=1), 'silent'),
    (_fail, dict(), 'refused'),
    (tool(_exit('no')), dict(code=0), 'refused'),
    (_execute, dict(raises=ValueError), 'executed'),
    (_litter, dict(raises=ValueError, leaves=('*', )), 'littered'),
    (_leave, dict(raises=ValueError), 'littered'),
    (_destroy, dict(raises=ValueError), 'destructive'),
    (_hang, dict(raises=ValueError), 'hung'),
]


@pytest.mark.parametrize('run, wanted, kind', BAD)
def test_wrong_ends_are_seen(run, wanted, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(harness, 'PATIENCE', 1)
    with pytest.raises(Verdict) as info:
        judge(Case('x', _nothing, run, **wanted), tmp_path)
    assert info.value.kind == kind


def test_good_ends(tmp_path):
    for number, (case, verdict) in enumerate([
        (Case('x', _nothing, _fail, 'must be', raises=ValueError), 'clear'),
        (Case('x', _nothing, tool(_exit('no room')), 'no room'), 'clear'),
        (Case('x', _nothing, tool(_exit(0)), code=0), 'accepted'),
        (Case('x', _nothing, _leave, 'x', raises=ValueError,
              leaves=('mo*', )), 'clear'),
        (Case('x', _nothing, lambda folder: 'fine', 'fine'), 'accepted'),
        (Case('x', _nothing, lambda f: (f / 'new').write_bytes(bytes(999)),
              'too large', raises=OSError, during=no_room,
              leaves=('new', )), 'clear'),
    ]):  # yapf: disable
        folder = tmp_path / str(number)
        folder.mkdir()
        assert judge(case, folder) == verdict
