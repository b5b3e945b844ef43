"""Tiny downloads, and converters that expect as many samples."""
from __future__ import annotations
import json
from pathlib import Path

import numpy as np
import pytest
from tiny_files import SHAPE, write_gray, write_image, write_text

from upocr_mm.datasets.conversion import (SCUTEnsTextConverter,
                                          TamperedIC13Converter,
                                          TextSegConverter)


@pytest.fixture(autouse=True)
def tiny_counts(monkeypatch) -> None:
    monkeypatch.setattr(SCUTEnsTextConverter, 'counts', dict(train=3, test=1))
    monkeypatch.setattr(TamperedIC13Converter, 'counts', dict(train=2, test=1))
    monkeypatch.setattr(TextSegConverter, 'counts',
                        dict(train=2, val=1, test=1))


@pytest.fixture
def scut_download(tmp_path: Path) -> Path:
    """Three training samples and a test sample without text."""
    root = tmp_path / 'download'
    for i in range(1, 4):
        write_image(root / f'train/all_images/{i}.jpg', i)
        write_image(root / f'train/all_labels/{i}.jpg', 10 + i)
        write_text(root / f'train/all_gts/{i}.txt', '5,10,29,10,29,19,5,19')
    write_image(root / 'test/all_images/img_1.jpg', 7)
    write_image(root / 'test/all_labels/img_1.jpg', 17)
    write_text(root / 'test/all_gts/img_1.txt', '')
    return root


@pytest.fixture
def textseg_download(tmp_path: Path) -> Path:
    """Unpacked: four samples, the older labels, an image of no split."""
    root = tmp_path / 'download'
    for i, name in enumerate('abcdx'):
        write_image(root / f'image/{name}.jpg', i)
        for version, value in (('', 100), ('_v1', 200)):
            label = np.zeros(SHAPE)
            label[:, 10:20 + i] = value
            write_gray(root / f'semantic_label{version}/{name}_maskfg.png',
                       label)
    splits = dict(train=['a', 'b'], val=['c'], test=['d'])
    write_text(root / 'split.json', json.dumps(splits))
    return root


@pytest.fixture
def ic13_download(tmp_path: Path) -> Path:
    """Two training samples, one without boxes, and a test sample."""
    root = tmp_path / 'download'
    for i, name in enumerate(('train_img/img_1', 'train_img/img_2',
                              'test_img/img_1')):  # yapf: disable
        write_image(root / f'{name}.jpg', i)
    write_text(root / 'train_gt/img_1.txt', '2,3,10,8,1\r\n8,5,20,12,2\r\n')
    write_text(root / 'train_gt/img_2.txt', '')
    write_text(root / 'test_gt/img_1.txt', '0,0,59,39,2')
    return root
