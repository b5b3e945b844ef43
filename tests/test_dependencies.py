from __future__ import annotations

import pytest

from upocr_mm import dependencies
from upocr_mm.dependencies import check_dependencies, find_problems


def test_this_stack_is_complete() -> None:
    assert find_problems(dependencies.REQUIRED) == []


def test_missing() -> None:
    assert find_problems({'no_such_package': {
        'one': '1',
        'other': '2'
    }}) == ['no_such_package is not installed (provided by one or other)']


def test_too_old() -> None:
    problem, = find_problems({'numpy': {'numpy': '99.0'}})
    assert problem.startswith('numpy ')
    assert problem.endswith('is too old, at least 99.0 is needed')
    assert find_problems({'numpy': {'numpy': '0.1', 'not-there': '9'}}) == []


def test_the_message_names_the_remedy(monkeypatch) -> None:
    monkeypatch.setattr(dependencies, 'REQUIRED',
                        {'no_such_package': {
                            'some-name': '1'
                        }})
    with pytest.raises(
            ImportError, match='(?s)some-name.*requirements/onedl.txt'):
        check_dependencies()
