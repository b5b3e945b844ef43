from __future__ import annotations
import os
import shutil
import signal

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image
from tiny_files import SHAPE, write_gray, write_image, write_text

from upocr_mm.datasets.checks import (check_parts, check_report, format_report,
                                      parts_in_folder, report_dict)
from upocr_mm.datasets.data_check import ORIENTED


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.fixture
def folder(tmp_path, scut_root, textseg_root, ic13_root):
    """The three layouts and a pair of folders; nothing is wrong."""
    for name in 'image', 'label':
        write_image(tmp_path / f'pairs/{name}/1.png', 50)
    return tmp_path


def kinds(report) -> set[tuple[str, str]]:
    """Folder and kind of all problems."""
    return {(one.part.name, problem.kind.split(' (')[0])
            for one in report.parts
            for problem in one.problems}


def check(folder, **kwargs):
    return check_parts(parts_in_folder(folder), **kwargs)


def test_all_is_well(folder):
    report = check(folder)
    assert report.is_fine and kinds(report) == set()
    assert report.duplicates == report.notes == []
    assert {one.part.name: len(one.statistics)
            for one in report.parts if one.part.split != 'val'} == dict(
                scut=3, textseg=1, ic13=2, pairs=1)  # yapf: disable
    assert 'No problem found.' in format_report(report)


@pytest.mark.parametrize('num_workers', [1, 2, 50])
def test_every_kind_of_problem_at_once(folder, num_workers):
    image = folder / 'scut/train/image'
    data = (image / '1.jpg').read_bytes()
    (image / '1.jpg').write_bytes(data[:-300])
    write_image(folder / 'scut/train/label/2.png', shape=(41, 60))
    write_image(image / '3.jpg', 3)
    values = np.zeros(SHAPE)
    values[3, 4] = 77
    write_gray(folder / 'textseg/semantic_label/b_maskfg.png', values)
    (folder / 'textseg/image/d.jpg').unlink()
    write_text(folder / 'ic13/train_gt/img_0.txt',
               '2,3,90,8,1\n8,5,20,12,3\n20,5,8,12,1\n1,2,3\n')
    (folder / 'pairs/label/1.png').write_bytes(b'')
    report = check(folder, num_workers=num_workers)
    assert kinds(report) == {
        ('scut', 'unreadable file'),
        ('scut', 'target of another size than its image'),
        ('scut', 'image without a target'),
        ('textseg', 'illegal value in a class map'),
        ('textseg', 'missing image'),
        ('textseg', 'empty data set'),
        ('ic13', 'boxes outside of the image'),
        ('ic13', 'illegal line'),
        ('pairs', 'unreadable file'),
    }
    assert not report.is_fine
    scut = report.parts[[one.part.name for one in report.parts].index('scut')]
    assert scut.num_samples == 3 and len(scut.statistics) == 1
    text = format_report(report)
    for part in ('image/1.jpg', 'label/2.png', '3.jpg: no ', 'value(s) 77',
                 'image/d.jpg', '[2, 3, 90, 8]', 'label 3 is none of',
                 'x1 <= x2', '3 integers instead of 5', '3 (1 measured)'):
        assert part in text
    assert '11 problem(s), 0 near-duplicate(s).' in text


def test_all_problems_are_listed(folder):
    for i in range(12):
        write_image(folder / f'scut/train/image/lonely{i}.jpg', i)
    text = format_report(check(folder))
    assert '12 x image without a target' in text
    assert all(f'lonely{i}.jpg' in text for i in range(12))


def test_training_pictures_in_the_test_data_of_any_task(folder):
    """A re-encoded copy is found, another picture not."""
    source = cv2.imread(str(folder / 'scut/train/image/1.jpg'))
    soft = cv2.GaussianBlur(source, (0, 0), 3)
    cv2.imwrite(str(folder / 'scut/train/image/1.jpg'), soft)
    assert check(folder).is_fine
    cv2.imwrite(
        str(folder / 'textseg/image/d.jpg'), soft,
        [cv2.IMWRITE_JPEG_QUALITY, 50])
    report = check(folder)
    found, = report.duplicates
    assert found.test_path == str(folder / 'textseg/image/d.jpg')
    assert found.train_path == str(folder / 'scut/train/image/1.jpg')
    assert not report.is_fine and kinds(report) == set()
    assert f'{found.test_path}: {found.train_path}' in format_report(report)
    assert report_dict(report)['near_duplicates'] == [found._asdict()]
    assert check(folder, max_distance=None).is_fine
    # not among training data, nor among the test data themselves
    shutil.copy(folder / 'textseg/image/a.jpg', folder / 'textseg/image/b.jpg')
    shutil.copy(folder / 'textseg/image/d.jpg', folder / 'textseg/image/c.jpg')
    assert [d.test_path[-5:]
            for d in check(folder).duplicates] == ['c.jpg', 'd.jpg']


def test_orientation(scut_root):
    path = scut_root / 'train/image/1.jpg'
    image = Image.open(path)
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    parts = parts_in_folder(scut_root)
    report = check_parts(parts)
    assert report.is_fine
    assert 'EXIF orientation of 1 file(s) is ignored' in report.notes[0]
    report = check_parts([parts[0]._replace(turns_images=True)])
    assert report.parts[0].problems[0].kind == ORIENTED
    assert not report.notes


def test_exchanged_values(scut_root):
    for i in range(3):
        mask = np.full(SHAPE, 0)
        mask[10:20, 5:30] = 255
        write_gray(scut_root / f'train/mask/{i}.png', mask)
    report = check(scut_root)
    assert not report.notes
    problem, = report.parts[0].problems
    assert problem.kind.startswith('more text than background')
    assert problem.detail == 'train scut: text is 90% of the area'


def test_files_that_belong_to_no_sample(scut_root):
    write_image(scut_root / 'train/label/8.png')
    write_text(scut_root / 'train/label/readme.txt', 'no picture')
    write_image(scut_root / 'train/image/18.png')  # a problem, named already
    report = check(scut_root)
    assert kinds(report) == {('scut', 'image without a target'),
                             ('scut', 'target without an image')}
    assert not report.notes


def test_statistics_of_a_split(ic13_root):
    """One picture with two boxes (6 and 8 high), one without."""
    row, = report_dict(check(ic13_root))['statistics']
    assert row['samples'] == row['measured'] == 2
    assert row['width'] == dict(min=60, median=60, max=60)
    assert row['text_area'] == pytest.approx(146 / 2400 / 2)
    assert row['without_text'] == 1
    assert row['regions'] == dict(
        kind='boxes', total=2, per_image=1, max_per_image=2)
    assert row['text_height'] == dict(p5=6.1, p50=7, p95=7.9)
    assert row['class_share'] == pytest.approx(
        dict(background=4654 / 4800, real=42 / 4800, tampered=104 / 4800))
    assert row['ignored'] == 0


def test_shares_do_not_count_ignored_pixels(textseg_root):
    rows = report_dict(check(textseg_root))['statistics']
    assert [(row['split'], row['samples']) for row in rows] == [('train', 2),
                                                                ('val', 1),
                                                                ('test', 1)]
    for row in rows:
        assert row['class_share'] == dict(background=0.8, text=0.2)
        assert row['ignored'] == pytest.approx(1 / 6)
    assert 'text 20.00 %, ignored 16.67 %' in format_report(
        check(textseg_root))


def test_numbers_out_of_range(scut_root):
    with pytest.raises(ValueError, match='num_workers must be at least 1'):
        check(scut_root, num_workers=0)
    with pytest.raises(ValueError, match='from 0 to 64 bits, got 65'):
        check(scut_root, max_distance=65)


def die(sample):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_reported(scut_root, monkeypatch):
    monkeypatch.setattr(check_report, '_inspect', die)
    with pytest.raises(RuntimeError, match='a process was killed'):
        check(scut_root, num_workers=2)
