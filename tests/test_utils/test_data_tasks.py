from __future__ import annotations

import pytest

from upocr_mm.utils import data_tasks


@pytest.mark.parametrize('metainfo, expected', [
    (dict(tasks=dict(a=dict(), b=dict())), ['a', 'b']),
    (dict(task='a', classes=('x', )), ['a']),
    (dict(classes=('x', )), None),
    ({}, None),
    (None, None),
])
def test_names(metainfo, expected) -> None:
    assert data_tasks(metainfo) == expected
