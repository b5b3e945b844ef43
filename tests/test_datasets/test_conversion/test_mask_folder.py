from __future__ import annotations
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_files import SHAPE, write_image, write_text

from upocr_mm.datasets import SCUTEnsTextDataset
from upocr_mm.datasets.conversion import write_masks_from_pairs


@pytest.fixture
def pairs(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Folders of two pictures, the same without text, and of the masks."""
    folders = [tmp_path / 'train' / n for n in ('image', 'label', 'mask')]
    for folder in folders[:2]:
        folder.mkdir(parents=True)
    picture = np.full((*SHAPE, 3), 180, np.uint8)
    for name in 'ab':
        cv2.imwrite(str(folders[1] / f'{name}.png'), picture)
    cv2.imwrite(str(folders[0] / 'b.png'), picture)
    picture[10:20, 5:30] = 20, 90, 180
    cv2.imwrite(str(folders[0] / 'a.bmp'), picture)
    return tuple(folders)


def test_masks_that_a_data_set_reads(pairs) -> None:
    result = write_masks_from_pairs(*pairs)
    assert result == (2, 0, ['b'], [])
    wanted = np.full(SHAPE, 255)
    wanted[10:20, 5:30] = 0
    assert np.array_equal(np.array(Image.open(pairs[2] / 'a.png')), wanted)
    assert (np.array(Image.open(pairs[2] / 'b.png')) == 255).all()
    assert len(SCUTEnsTextDataset(str(pairs[0].parent.parent), 'train')) == 2


def test_is_done_once_and_only_with_the_same_settings(pairs) -> None:
    write_masks_from_pairs(*pairs)
    (pairs[2] / 'b.png').unlink()
    before = (pairs[2] / 'a.png').stat().st_mtime_ns
    assert write_masks_from_pairs(*pairs) == (1, 1, ['b'], [])
    assert write_masks_from_pairs(*pairs) == (0, 2, [], [])
    result = write_masks_from_pairs(*pairs, threshold=30)
    assert result.written == result.present == 0
    assert ('made with threshold 25, closing 3, min_area 10, not threshold 30'
            in result.problems[0].detail)
    assert (pairs[2] / 'a.png').stat().st_mtime_ns == before


def test_masks_of_others_are_left_alone(pairs) -> None:
    write_text(pairs[2] / 'a.png', 'mine')
    write_image(pairs[2] / 'b.jpg')
    result = write_masks_from_pairs(*pairs)
    assert result.written == 0
    assert [p.detail for p in result.problems] == [
        f'{pairs[2]}/a.png: not made by this command', f'{pairs[2]}/b.jpg'
    ]
    assert (pairs[2] / 'a.png').read_text() == 'mine'


def test_dry_run_writes_nothing(pairs) -> None:
    assert write_masks_from_pairs(*pairs, dry_run=True) == (2, 0, [], [])
    assert not pairs[2].exists()


def test_bad_pairs_are_named(pairs) -> None:
    images, labels, masks = pairs
    write_image(images / 'alone.jpg')
    write_image(labels / 'lost.jpg')
    for name, shape in (('sizes', (8, 8)), ('other', SHAPE)):
        write_image(images / f'{name}.png', 1)
        write_image(labels / f'{name}.png', 2, shape)
    write_text(images / 'text.jpg', 'no picture')
    write_image(labels / 'text.jpg')
    result = write_masks_from_pairs(*pairs)
    details = [p.detail for p in result.problems]
    assert details[0] == f'{images}/alone.jpg: no {labels}/alone.*'
    assert details[1] == f'{labels}/lost.jpg: no {images}/lost.*'
    assert details[2].startswith(
        f'{images}/other.png and {labels}/other.png differ in ')
    assert details[3] == (
        f'{labels}/sizes.png: 8x8, {images}/sizes.png: 60x40')
    assert details[4].startswith(f'{images}/text.jpg: UnidentifiedImageError')
    assert len(details) == 5 and result.written == 2
    assert sorted(f.name for f in masks.iterdir()) == ['a.png', 'b.png']


def test_wrong_folders(pairs, tmp_path: Path) -> None:
    images, labels, masks = pairs
    with pytest.raises(FileNotFoundError, match='nowhere does not exist'):
        write_masks_from_pairs(images, tmp_path / 'nowhere', masks)
    with pytest.raises(NotADirectoryError, match='b.png is not a folder'):
        write_masks_from_pairs(images, labels / 'b.png', masks)
    with pytest.raises(ValueError, match='a folder of their own'):
        write_masks_from_pairs(images, labels, labels)
    with pytest.raises(ValueError, match='closing must be odd'):
        write_masks_from_pairs(images, labels, masks, closing=2)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty holds no picture'):
        write_masks_from_pairs(tmp_path / 'empty', labels, masks)
    assert not masks.exists()
