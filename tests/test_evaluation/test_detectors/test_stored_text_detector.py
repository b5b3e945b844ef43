import pytest
from mmseg.registry import TASK_UTILS

import upocr_mm.evaluation  # noqa: F401


def _build(folder, **kwargs):
    return TASK_UTILS.build(
        dict(type='StoredTextDetector', folder=str(folder), **kwargs))


def test_reads_polygons_boxes_and_transcriptions(tmp_path):
    (tmp_path / 'res_a.txt').write_text(
        '\ufeff1,2,3,4,5,6\r\n\r\n1,2,30.5,40\r\n1,2,3,4,5,6,7,8,no, 5\r\n',
        encoding='utf-8')
    (tmp_path / 'res_b.txt').write_text('')
    detector = _build(tmp_path, pattern='res_{stem}.txt', name='east')
    assert detector.detect(None, 'x/a.jpg') == [[1, 2, 3, 4, 5, 6],
                                                [1, 2, 30.5, 40],
                                                [1, 2, 3, 4, 5, 6, 7, 8]]
    assert detector.detect(None, 'x/b.png') == []
    assert detector.name == 'east'


def test_numbers_behind_the_coordinates(tmp_path):
    (tmp_path / 'a.txt').write_text('1,2,3,4,0.93\n5,6,7,8,1998\n')
    assert _build(
        tmp_path, coordinates=4).detect(None, 'a.jpg') == [[1, 2, 3, 4],
                                                           [5, 6, 7, 8]]
    with pytest.raises(ValueError, match='5 numbers .* set coordinates'):
        _build(tmp_path).detect(None, 'a.jpg')
    with pytest.raises(ValueError, match='5 numbers instead of 8'):
        _build(tmp_path, coordinates=8).detect(None, 'a.jpg')
    (tmp_path / 'a.txt').write_text('1,2,nan,4\n')
    with pytest.raises(ValueError, match="'1,2,nan,4'"):
        _build(tmp_path).detect(None, 'a.jpg')


def test_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        _build(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='{stem}'):
        _build(tmp_path, pattern='a.txt')
    with pytest.raises(FileNotFoundError, match='c.txt does not exist'):
        _build(tmp_path).detect(None, 'c.jpg')
    (tmp_path / 'c.txt').write_text('1,2,3\n')
    with pytest.raises(ValueError, match='c.txt, line 1: 3 numbers'):
        _build(tmp_path).detect(None, 'c.jpg')
