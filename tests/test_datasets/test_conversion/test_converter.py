from __future__ import annotations
from pathlib import Path

import pytest

from upocr_mm.datasets.conversion.converter import missing_numbers, split_of
from upocr_mm.datasets.conversion.raw_files import RawFile


@pytest.mark.parametrize('folders, split', [
    ('data/train/all_images', 'train'),
    ('EnsText_train/all_images', 'train'),
    ('train/SCUT-EnsText-Test/all_images', 'test'),
    ('train_and_test/all_images', None),
    ('training/all_images', None),
    ('test/train_and_test/all_images', 'test'),
])
def test_split_of(folders: str, split: str | None) -> None:
    file = RawFile((*folders.split('/'), 'train.jpg'), 0, Path())
    assert split_of(file, ['train', 'test']) == split


@pytest.mark.parametrize('names, count, missing', [
    (['1', '2', '4'], 4, ['3']),
    (['img_1', 'img_2'], 4, ['img_3', 'img_4']),
    (['100', '101', '103'], 4, ['102']),
    (['1', '2', '9'], 4, []),
    (['a_001', 'a_003'], 3, ['a_002']),
    (['1', '2'], 5, []),
    (['1', '2', 'b3'], 4, []),
    (['a', 'b'], 3, []),
    ([], 3, []),
    (['1', '2', '3', '4'], 3, []),
])
def test_missing_numbers(names: list[str], count: int,
                         missing: list[str]) -> None:
    assert missing_numbers(names, count) == missing
