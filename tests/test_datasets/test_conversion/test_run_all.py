from __future__ import annotations
import threading
import time

import pytest

from upocr_mm.datasets.conversion import run_all as module
from upocr_mm.datasets.conversion.run_all import run_all


def test_results_are_in_order(capsys) -> None:

    def slow_first(job: int) -> int:
        time.sleep(0.05 if job == 0 else 0)
        return job * job

    assert run_all(slow_first, range(9)) == [n * n for n in range(9)]
    assert run_all(slow_first, []) == []
    assert capsys.readouterr() == ('', '')
    run_all(slow_first, range(9), progress=True)
    assert '9/9' in capsys.readouterr().err


@pytest.mark.parametrize('where', ['action', 'bar'])
def test_no_job_is_begun_after_an_error(monkeypatch, where: str) -> None:
    begun = []
    lock = threading.Lock()

    def action(job: int) -> None:
        with lock:
            begun.append(job)
        time.sleep(0.01)
        if where == 'action' and job == 2:
            raise KeyboardInterrupt

    def update(bar) -> None:
        if where == 'bar':
            raise KeyboardInterrupt

    monkeypatch.setattr(module.ProgressBar, 'update', update)
    with pytest.raises(KeyboardInterrupt):
        run_all(action, range(200), progress=True)
    assert len(begun) < 100
