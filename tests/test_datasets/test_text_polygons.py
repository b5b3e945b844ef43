from __future__ import annotations
import json
from pathlib import Path

import numpy as np
import pytest
from tiny_files import write_image, write_text

from upocr_mm.datasets import TextPolygonDataset
from upocr_mm.datasets.data_check import DataCheckError
from upocr_mm.datasets.text_layouts import LAYOUTS

# A rectangle, in the three ways in which it is written.
BOX = [10, 5, 30, 15]
POLYGON = [10, 5, 30, 5, 30, 15, 10, 15]
POINTS = [[10, 5], [30, 5], [30, 15], [10, 15]]
TEXT = ','.join(map(str, POLYGON))


def write_set(root: Path, name: str) -> None:
    """One image with one word, as the owner of a data set packs it."""
    files = dict(
        art=('train_images/gt_0.jpg', 'train_labels.json',
             dict(gt_0=[dict(points=POINTS, transcription='###')])),
        ic13=('Challenge2_Training_Task12_Images/100.jpg',
              'Challenge2_Training_Task1_GT/gt_100.txt',
              '10 5 30 15 "Foot, path"\r\n'),
        ic15=('ch4_training_images/img_1.jpg',
              'ch4_training_localization_transcription_gt/gt_img_1.txt',
              f'\ufeff{TEXT},Genaxis, 7\r\n'),
        lsvt=('train_full_images_1/gt_3.jpg', 'train_full_labels.json',
              dict(gt_3=[dict(points=POINTS, illegibility=True)])),
        mlt17=('ch8_training_images_4/img_9.png',
               'ch8_training_localization_transcription_gt_v2/gt_img_9.txt',
               f'{TEXT},Latin,word\n'),
        rects=('img/train_ReCTS_000001.jpg', 'gt/train_ReCTS_000001.json',
               dict(
                   chars=[dict(points=[0] * 8)],
                   lines=[dict(points=POLYGON)])),
        textocr=('train_images/a1.jpg', 'TextOCR_0.1_train.json',
                 dict(
                     imgs=dict(a1=dict(file_name='train/a1.jpg')),
                     anns=dict(a1_1=dict(points=[n + 0.2 for n in POLYGON])),
                     imgToAnns=dict(a1=['a1_1']))),
        folder=('image/x.png', 'polygons/x.txt', f'{TEXT}\n'))
    image, label, content = files[name]
    for folder in LAYOUTS[name].images:
        (root / folder).mkdir(parents=True, exist_ok=True)
    write_image(root / image)
    write_text(root / label,
               content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize('name', LAYOUTS)
def test_layouts(tmp_path: Path, name: str) -> None:
    write_set(tmp_path / 'set', name)
    dataset = TextPolygonDataset(
        str(tmp_path), {name: 'set'}, pipeline=[dict(type='LoadTargets')])
    assert len(dataset) == 1
    info = dataset.get_data_info(0)
    assert info['polygons'] == [POLYGON]
    assert info['task'] == 'text_localization'
    mask = dataset.pipeline(dict(info, ori_shape=(40, 60)))['gt_text_mask']
    expected = np.zeros((40, 60), np.uint8)
    expected[5:16, 10:31] = 1  # outline inclusive
    assert np.array_equal(mask, expected)


def test_several_sets(tmp_path: Path) -> None:
    """Joined in the order of the config; another name is a plain folder."""
    for name in 'ic15', 'textocr', 'folder':
        write_set(tmp_path / name, name)
    dataset = TextPolygonDataset(
        str(tmp_path),
        dict(textocr='textocr', ic13=None, ic15='ic15', mine='folder'))
    assert [Path(dataset.get_data_info(i)['img_path']).name
            for i in range(3)] == ['a1.jpg', 'img_1.jpg', 'x.png']
    with pytest.raises(ValueError, match='sets must name at least one'):
        TextPolygonDataset(str(tmp_path), dict(ic13=None))


def bad(root: Path, polygons: str) -> str:
    """What is said of a folder with these polygons."""
    write_image(root / 'image/x.png')
    write_text(root / 'polygons/x.txt', polygons)
    with pytest.raises(DataCheckError) as info:
        TextPolygonDataset(str(root), dict(mine='.'))
    return str(info.value)


@pytest.mark.parametrize('polygons, message', [
    ('1,1,9,1,9,9,1', 'x.txt, line 1: 7 integers instead of an even number'),
    ('1,1,9,1', 'x.txt, line 1: 4 integers instead of an even number of at'),
    ('1,1,90,1,90,9', 'polygons outside of the image'),
    ('', '1 images, no polygon'),
])
def test_bad_polygons(tmp_path: Path, polygons: str, message: str) -> None:
    assert message in bad(tmp_path, polygons)


def test_bad_json(tmp_path: Path) -> None:
    write_set(tmp_path, 'art')
    labels = tmp_path / 'train_labels.json'

    def message() -> str:
        with pytest.raises(DataCheckError) as info:
            TextPolygonDataset(str(tmp_path), dict(art='.'))
        return str(info.value)

    write_text(labels, json.dumps(dict(gt_0=[dict(points=[1, 2, 3])])))
    assert 'gt_0, polygon 1: 3 numbers instead of an even' in message()
    write_text(labels, json.dumps(dict(gt_1=[])))
    assert "no entry 'gt_0' in " in message()
    write_text(labels, '{')
    assert 'train_labels.json is not a JSON file' in message()
    labels.unlink()
    assert "no entry 'gt_0' in " in message()


def test_missing_text_file(tmp_path: Path) -> None:
    write_set(tmp_path, 'ic15')
    write_image(tmp_path / 'ch4_training_images/img_2.jpg')
    with pytest.raises(DataCheckError, match='img_2.jpg: no .*gt_img_2.txt'):
        TextPolygonDataset(str(tmp_path), dict(ic15='.'))
