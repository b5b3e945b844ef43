from __future__ import annotations
from pathlib import Path

import pytest
from tiny_files import write_text

from upocr_mm.datasets import TamperedIC13Dataset
from upocr_mm.datasets.conversion import TamperedIC13Converter, convert


def test_layout(ic13_download: Path, tmp_path: Path) -> None:
    dst = tmp_path / 'out'
    result = convert(TamperedIC13Converter(), [ic13_download], dst)
    assert result == (dict(train=2, test=1), 3, 0, [])
    assert sorted(str(f.relative_to(dst)) for f in dst.rglob('*.*')) == [
        'test_gt/img_1.txt', 'test_img/img_1.jpg', 'train_gt/img_1.txt',
        'train_gt/img_2.txt', 'train_img/img_1.jpg', 'train_img/img_2.jpg'
    ]
    dataset = TamperedIC13Dataset(str(dst), 'train')
    assert dataset.get_data_info(0)['boxes'] == [[2, 3, 10, 8, 1],
                                                 [8, 5, 20, 12, 2]]
    assert dataset.get_data_info(1)['boxes'] == []
    assert convert(TamperedIC13Converter(), [ic13_download], dst).written == 0


@pytest.mark.parametrize('line, text', [
    ('2,3,10,8', '4 integers instead of 5'),
    ('2,3,10,8,3', 'label 3 is none of [1, 2]'),
    ('10,3,2,8,1', 'x1 <= x2 and y1 <= y2 must hold'),
    ('2,3,90,8,1', '[2, 3, 90, 8]'),
])
def test_bad_boxes(ic13_download: Path, tmp_path: Path, line: str,
                   text: str) -> None:
    gt = ic13_download / 'train_gt/img_1.txt'
    write_text(gt, f'{line}\r\n')
    result = convert(TamperedIC13Converter(), [ic13_download],
                     tmp_path / 'out')
    assert result.problems[0].detail.startswith(f'{gt}, line 1: {text}')
    assert result.found == dict(train=1, test=1)


def test_what_is_missing_is_named(ic13_download: Path, tmp_path: Path) -> None:
    (ic13_download / 'train_gt/img_1.txt').unlink()
    (ic13_download / 'test_img/img_1.jpg').unlink()
    result = convert(TamperedIC13Converter(), [ic13_download],
                     tmp_path / 'out')
    assert [p.detail for p in result.problems] == [
        f'{ic13_download}/train_img/img_1.jpg: no train_gt/img_1.*',
        f'{ic13_download}/test_gt/img_1.txt: no test_img/img_1.*',
        'train: 1 of 2 images; by the numbering these are missing: img_1',
        'test: 0 of 1 images'
    ]


def test_boxes_of_equal_size_from_two_places(ic13_download: Path,
                                             tmp_path: Path) -> None:
    """Real and tampered differ in one digit, not in the size of the file."""
    write_text(tmp_path / 'other/test_gt/img_1.txt', '0,0,59,39,1')
    result = convert(TamperedIC13Converter(),
                     [ic13_download, tmp_path / 'other'], tmp_path / 'out')
    assert result.problems[0].kind.startswith('two files for one sample')
    assert result.found == dict(train=2, test=0)
