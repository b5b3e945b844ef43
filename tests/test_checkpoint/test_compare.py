"""What differs between two state dicts, in words."""
from __future__ import annotations
from pathlib import Path

import pytest
import torch

from upocr_mm.checkpoint import (check_file, compare_palettes,
                                 compare_state_dicts, compare_windows)

TABLE = 'decode_head.stages.0.0.attn.w_msa.relative_coords_table'


def test_differences_are_counted_and_cut() -> None:
    expected = {f'a{i}': torch.zeros(1) for i in range(5)}
    assert compare_state_dicts(expected, expected) == []
    assert compare_state_dicts(
        expected, {}, limit=2) == ['5 keys are missing: a0, a1, ...']
    assert compare_state_dicts(expected, dict(expected, a1=None)) == [
        '1 keys are of another shape: a1 (NoneType '
        'instead of (1,))'
    ]


def test_all_kinds_of_differences() -> None:
    expected = dict(a=torch.zeros(2), b=torch.zeros(3), c=torch.zeros(4))
    found = dict(a=torch.ones(2), c=torch.zeros(2, 2), d=torch.zeros(1))
    assert compare_state_dicts(expected, found) == [
        '1 keys are missing: b', '1 keys are unexpected: d',
        '1 keys are of another shape: c ((2, 2) instead of (4,))'
    ]


@pytest.mark.parametrize('name',
                         ['relative_coords_table', 'relative_position_index'])
def test_derived_buffers_are_not_compared(name: str) -> None:
    name = f'attn.{name}'
    assert compare_state_dicts({name: torch.zeros(1)}, {}) == []
    assert compare_state_dicts({}, {name: torch.zeros(1)}) == []
    assert compare_state_dicts({name: torch.zeros(1)},
                               {name: torch.zeros(2)}) == []


def test_windows() -> None:
    """A window of w gives coordinates from -(w - 1) to w - 1."""
    small = {TABLE: torch.zeros(1, 7, 7, 2)}
    large = {TABLE: torch.zeros(1, 15, 15, 2)}
    assert compare_windows(small, small) == []
    assert compare_windows(small, {}) == []
    line, = compare_windows(small, large)
    assert 'decode_head.stages.0.0.attn (8 instead of 4)' in line
    line, = compare_windows(small, {TABLE: torch.ones(1, 7, 7, 2)})
    assert 'another pretrained_window_size' in line


def test_palettes() -> None:
    red, green = [255, 0, 0], [0, 255, 0]
    expected = dict(a=[red, green], b=[red, green])
    assert compare_palettes(expected, dict(a=[tuple(red), green])) == []
    assert compare_palettes(dict(a=((255, 0, 0), )), dict(a=[red])) == []
    line, = compare_palettes(expected, dict(a=[green, red], c=[red]))
    assert line == (f'the colors of a are {[green, red]} in the checkpoint, '
                    f'but {[red, green]} in model.codecs.a.palette')


@pytest.mark.parametrize('legacy', [False, True])
def test_readable_file(tmp_path: Path, legacy: bool) -> None:
    file = tmp_path / 'model.pth'
    torch.save(
        dict(a=torch.ones(3)), file, _use_new_zipfile_serialization=not legacy)
    check_file(str(file))


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no.pth'):
        check_file(str(tmp_path / 'no.pth'))


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', None])
def test_damaged_file(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / 'model.pth'
    torch.save(dict(a=torch.ones(3)), file)
    # None: a download that broke off
    file.write_bytes(file.read_bytes()[:-20] if content is None else content)
    with pytest.raises(ValueError, match='model.pth.*damaged'):
        check_file(str(file))
