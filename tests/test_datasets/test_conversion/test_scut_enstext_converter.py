from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_files import SHAPE, write_image, write_text

from upocr_mm.datasets import SCUTEnsTextDataset
from upocr_mm.datasets.annotation_files import read_mask
from upocr_mm.datasets.conversion import SCUTEnsTextConverter, convert

REAL = (
    Path(__file__).resolve().parents[4] / 'shared' / 'real_samples' /
    'TextRemoval' / 'SCUT-EnsText' / 'train')


def test_masks_of_polygons(scut_download: Path, tmp_path: Path) -> None:
    write_text(
        scut_download / 'train/all_gts/2.txt',
        # a triangle, and a rectangle over the border
        '10,10,20,10,10,20\r\n\r\n50,30,60,30,60,39,50,39\r\n')
    result = convert(SCUTEnsTextConverter(), [scut_download], tmp_path / 'out')
    assert not result.problems
    masks = {
        name: np.array(Image.open(tmp_path / 'out' / f'{name}.png'))
        for name in ('train/mask/1', 'train/mask/2', 'test/mask/img_1')
    }
    wanted = np.full(SHAPE, 255)
    wanted[10:20, 5:30] = 0
    assert np.array_equal(masks['train/mask/1'], wanted)
    assert (masks['test/mask/img_1'] == 255).all()
    wanted = np.full(SHAPE, 255)
    for row in range(11):
        wanted[10 + row, 10:21 - row] = 0
    wanted[30:40, 50:60] = 0
    assert np.array_equal(masks['train/mask/2'], wanted)
    # which the data set reads as text
    dataset = SCUTEnsTextDataset(str(tmp_path / 'out'), 'train')
    info = dataset.get_data_info(1)
    assert info['mask_path'].endswith('2.png')
    assert info['mask_text_value'] == 0 and len(info['polygons']) == 2


@pytest.mark.parametrize('line, text', [
    ('1,1,9,1,9,9,1', 'line 2: 7 integers instead of an even number'),
    ('1,1,9,1', 'line 2: 4 integers instead of an even number of at least 6'),
    ('1,1,9,1,9,x', 'line 2: not a list of integers'),
    ('1,1,99,1,9,9', 'line 2: [1, 1, 99, 1, 9, 9]'),
    ('-9,1,9,1,9,9', 'line 2: [-9, 1, 9, 1, 9, 9]'),
])
def test_bad_polygons(scut_download: Path, tmp_path: Path, line: str,
                      text: str) -> None:
    gts = scut_download / 'train/all_gts/2.txt'
    write_text(gts, f'5,10,29,10,29,19,5,19\n{line}\n')
    result = convert(SCUTEnsTextConverter(), [scut_download], tmp_path / 'out')
    assert result.found == dict(train=2, test=1)
    assert f'{gts}, {text}' in result.problems[0].detail
    assert not (tmp_path / 'out/train/mask/2.png').exists()


def test_one_split_whose_folders_do_not_name_it(scut_download: Path,
                                                tmp_path: Path) -> None:
    source = (scut_download / 'train').rename(tmp_path / 'unpacked')
    result = convert(
        SCUTEnsTextConverter(['train']), [source], tmp_path / 'out')
    assert result.found == dict(train=3) and not result.problems


@pytest.mark.skipif(not REAL.is_dir(), reason='no real samples beside')
def test_given_masks_of_real_pictures_are_reproduced(tmp_path: Path,
                                                     monkeypatch) -> None:
    names = sorted(path.stem for path in (REAL / 'all_gts').iterdir())
    assert len(names) == 6
    monkeypatch.setattr(SCUTEnsTextConverter, 'counts', dict(train=6, test=0))
    result = convert(SCUTEnsTextConverter(), [REAL], tmp_path, link=False)
    assert result.written == 6 and not result.problems
    for name in names:
        given = read_mask(str(REAL / 'mask' / f'{name}.jpg')) < 128
        ours = read_mask(str(tmp_path / 'train' / 'mask' / f'{name}.png')) == 0
        assert (given & ours).sum() > 0.95 * (given | ours).sum(), name


def test_the_image_tells_the_size(scut_download: Path, tmp_path: Path) -> None:
    for folder in 'all_images', 'all_labels':
        write_image(scut_download / f'test/{folder}/img_1.jpg', shape=(9, 13))
    convert(SCUTEnsTextConverter(), [scut_download], tmp_path / 'out')
    mask = Image.open(tmp_path / 'out/test/mask/img_1.png')
    assert mask.size == (13, 9) and mask.mode == 'L'
