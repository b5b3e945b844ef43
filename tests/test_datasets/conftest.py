"""Tiny drawn data sets in the layouts of the real ones."""
import json

import numpy as np
import pytest
from tiny_files import SHAPE, write_gray, write_image, write_text


@pytest.fixture
def scut_root(tmp_path):
    """Prepared layout, three samples with PNG masks (text in rows 10-19)."""
    root = tmp_path / 'scut'
    mask = np.full(SHAPE, 255)
    mask[10:20, 5:30] = 0
    for i in range(3):
        write_image(root / f'train/image/{i}.jpg', i)
        write_image(root / f'train/label/{i}.png', 10 + i)
        write_gray(root / f'train/mask/{i}.png', mask)
    return root


@pytest.fixture
def raw_scut_root(tmp_path):
    """Raw layout, one sample with a polygon of five points."""
    root = tmp_path / 'raw'
    write_image(root / 'test/all_images/1.jpg')
    write_image(root / 'test/all_labels/1.jpg')
    write_text(root / 'test/all_gts/1.txt',
               '10,10,20,10,20,20,15,25,10,20\r\n\r\n')
    return root


@pytest.fixture
def textseg_root(tmp_path):
    """Two training, one validation and one test sample."""
    root = tmp_path / 'textseg'
    label = np.zeros(SHAPE)
    label[:, 10:20], label[:, 20:30], label[:, 30:40] = 100, 200, 255
    for name in 'abcd':
        write_image(root / f'image/{name}.jpg', ord(name))
        write_gray(root / f'semantic_label/{name}_maskfg.png', label)
    splits = dict(train=['a', 'b'], val=['c'], test=['d'])
    write_text(root / 'split.json', json.dumps(splits))
    return root


@pytest.fixture
def ic13_root(tmp_path):
    """Two samples: one with two overlapping boxes, one without any."""
    root = tmp_path / 'ic13'
    for i in range(2):
        write_image(root / f'train_img/img_{i}.jpg', i)
    write_text(root / 'train_gt/img_0.txt', '2,3,10,8,1\r\n8,5,20,12,2\r\n')
    write_text(root / 'train_gt/img_1.txt', '')
    return root
