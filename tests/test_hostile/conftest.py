from __future__ import annotations
from collections import Counter
from typing import Callable

import pytest
from harness import Case, Verdict, judge

PROPERTY = 'hostile'


@pytest.fixture
def hostile(tmp_path, record_property) -> Callable[[Case], None]:
    """Judges a case in a folder of its own."""

    def run(case: Case) -> None:
        folder = tmp_path / 'case'
        folder.mkdir()
        try:
            record_property(PROPERTY, judge(case, folder))
        except Verdict as verdict:
            record_property(PROPERTY, verdict.kind)
            raise

    return run


def pytest_terminal_summary(terminalreporter) -> None:
    """Count what became of the hostile inputs, also of several processes."""
    counts = Counter(
        value for key in ('passed', 'failed')
        for report in terminalreporter.stats.get(key, [])
        if getattr(report, 'when', '') == 'call'
        for name, value in report.user_properties if name == PROPERTY)
    if not counts:
        return
    good = {'clear': 'clear errors', 'accepted': 'rightly accepted'}
    terminalreporter.section('hostile inputs')
    terminalreporter.line(
        f'tried {sum(counts.values())}: ' +
        ', '.join(f'{counts.pop(kind, 0)} {text}'
                  for kind, text in good.items()) +
        (f', and wrong: {dict(counts)}' if counts else
         '; raw, unclear, silent, executed, hung, littered, destructive: 0'))
