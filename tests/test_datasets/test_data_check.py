import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_files import SHAPE, write_gray, write_image, write_text

from upocr_mm.datasets import data_check
from upocr_mm.datasets.data_check import (DataCheckError, Problem,
                                          check_samples, format_problems)
from upocr_mm.datasets.scut_enstext import SCUTEnsTextDataset
from upocr_mm.datasets.tampered_ic13 import TamperedIC13Dataset
from upocr_mm.datasets.textseg import TextSegDataset


def scut(root):
    return SCUTEnsTextDataset(str(root))


def raw_scut(root):
    return SCUTEnsTextDataset(str(root), 'test')


def textseg(root):
    return TextSegDataset(str(root), ['train', 'val'])


def ic13(root):
    return TamperedIC13Dataset(str(root))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-300])


def empty(path):
    path.write_bytes(b'')


def remove(path):
    path.rename(path.with_name('.hidden'))


def remove_content(path):
    for file in path.iterdir():
        file.unlink()


def text(content):
    return lambda path: write_text(path, content)


def image(height, width):
    return lambda path: write_image(path, shape=(height, width))


def gray(array):
    return lambda path: write_gray(path, array)


def pixels(value, count=1):

    def write(path):
        values = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        values[7, 3:3 + count] = value
        write_gray(path, values)

    return write


# data set, file to spoil, how, what the message must say
CASES = [
    (scut, 'train/image/1.jpg', truncate,
     ['unreadable', 'image/1.jpg', 'truncated']),
    (scut, 'train/label/2.png', truncate, ['unreadable', 'label/2.png']),
    (textseg, 'image/b.jpg', empty, ['unreadable', 'image/b.jpg']),
    (ic13, 'train_img/img_1.jpg', text('hello'),
     ['unreadable', 'img_1.jpg']),
    (textseg, 'semantic_label/c_maskfg.png', empty,
     ['unreadable', 'c_maskfg.png']),
    (scut, 'train/label/0.png', image(40, 61),
     ['another size', 'label/0.png: 61x40', 'image/0.jpg: 60x40']),
    (scut, 'train/mask/0.png', gray(np.zeros((41, 60))),
     ['another size', 'mask/0.png: 60x41', 'image/0.jpg: 60x40']),
    (textseg, 'semantic_label/a_maskfg.png', gray(np.zeros((20, 30))),
     ['another size', 'a_maskfg.png: 30x20', 'a.jpg: 60x40']),
    (scut, 'train/mask/1.png', pixels(100, 4),
     ['illegal value in a mask', 'allowed: 0, 255', 'mask/1.png',
      '100 in 4 pixels', 'row 7, column 3']),
    (scut, 'train/mask/1.png', gray(np.eye(*SHAPE)),
     ['illegal value in a mask', 'mask/1.png', 'value(s) 1 in 40']),
    (textseg, 'semantic_label/a_maskfg.png', pixels(1),
     ['illegal value in a class map', 'allowed: 0, 100, 200, 255',
      'a_maskfg.png', '1 in 1 pixels', 'row 7, column 3']),
    (ic13, 'train_gt/img_1.txt', text('1,1,5,5,1\n1,2,3,4\n'),
     ['illegal line', 'five integers', 'img_1.txt, line 2', "'1,2,3,4'"]),
    (raw_scut, 'test/all_gts/1.txt', text('1,1,9,1,9'),
     ['illegal line', 'x,y,x,y', '1.txt, line 1', "'1,1,9,1,9'"]),
    (ic13, 'train_gt/img_1.txt', text('\n1,1,62,5,1\n'),
     ['boxes outside', 'img_1.txt, line 2', '[1, 1, 62, 5]',
      'img_1.jpg: 60x40']),
    (ic13, 'train_gt/img_1.txt', text('-3,1,6,5,1'),
     ['boxes outside', '[-3, 1, 6, 5]']),
    (raw_scut, 'test/all_gts/1.txt', text('1,1,9,1,9,99,1,99'),
     ['polygons outside', '1.txt, line 1', '[1, 1, 9, 1, 9, 99, 1, 99]',
      '60x40']),
    (scut, 'train/label', remove,
     ['missing folder', 'train/label', 'all_labels', 'UPOCR_DATA']),
    (scut, 'train/label/2.png', remove,
     ['1 x image without a target', 'image/2.jpg', 'label/2.*']),
    (scut, 'train/mask/2.png', remove,
     ['image without a target', 'image/2.jpg', 'mask/2.*']),
    (textseg, 'semantic_label/b_maskfg.png', remove,
     ['image without a target', 'image/b.jpg', 'b_maskfg.png']),
    (ic13, 'train_gt/img_1.txt', remove,
     ['image without a target', 'img_1.jpg', 'train_gt/img_1.txt']),
    (textseg, 'image/b.jpg', remove,
     ['missing image', 'split.json', 'image/b.jpg']),
    (textseg, 'split.json', remove, ['missing file', 'split.json']),
    (scut, 'train/image/1.png', image(40, 60),
     ['two files for one sample', 'image/1.jpg', 'image/1.png']),
    (ic13, 'train_img', remove_content, ['empty data set']),
]  # yapf: disable


@pytest.mark.parametrize('build, file, spoil, expected', CASES)
def test_bad_data_is_named(build, file, spoil, expected, request):
    root = request.getfixturevalue(f'{build.__name__}_root')
    build(root)  # good before
    spoil(root / file)
    with pytest.raises(ValueError) as error:
        build(root)
    for part in expected:
        assert part in str(error.value)


def test_all_problems_come_in_one_message_counted_by_kind(scut_root):
    (scut_root / 'train/label/0.png').unlink()
    pixels(7)(scut_root / 'train/mask/1.png')
    truncate(scut_root / 'train/image/2.jpg')
    with pytest.raises(DataCheckError) as error:
        scut(scut_root)
    message = str(error.value)
    assert 'SCUTEnsTextDataset' in message and '3 problem(s)' in message
    for part in ('0.jpg', 'mask/1.png', 'image/2.jpg'):
        assert part in message


def test_message_lists_the_first_names_of_many():
    problems = [Problem('bad thing', f'file{i}') for i in range(8)]
    message = format_problems('Some', problems)
    assert '8 x bad thing' in message
    assert 'file4' in message and 'file5' not in message
    assert '3 more' in message


def test_lossy_masks_may_hold_any_value_unless_all_are_dark(scut_root):
    mask = np.full(SHAPE, 255)
    mask[10:20, 5:30] = 0
    path = scut_root / 'train/mask/0.png'
    path.unlink()
    write_gray(path.with_suffix('.jpg'), mask)
    decoded = np.asarray(Image.open(path.with_suffix('.jpg')))
    assert len(np.unique(decoded)) > 2  # ringing, or this shows nothing
    scut(scut_root)
    write_gray(path.with_suffix('.jpg'), mask // 255)
    with pytest.raises(ValueError, match='illegal value in a mask'):
        scut(scut_root)


def test_a_box_may_end_at_the_width_as_if_exclusive(ic13_root):
    write_text(ic13_root / 'train_gt/img_1.txt', '1,1,60,40,1')
    seg_map = ic13(ic13_root)[1]
    assert seg_map['boxes'] == [[1, 1, 60, 40, 1]]


def test_unchecked_files_are_not_decoded(scut_root):
    empty(scut_root / 'train/image/1.jpg')
    assert len(SCUTEnsTextDataset(str(scut_root), check_files=False)) == 3


def test_ranks_share_the_work_and_tell_each_other(scut_root, monkeypatch):
    samples = [scut(scut_root).get_data_info(i) for i in range(3)]
    empty(scut_root / 'train/image/0.jpg')
    empty(scut_root / 'train/image/1.jpg')
    own = []

    def gather(problems):
        own.append(problems)
        return [problems, [Problem('from', 'the other rank')]]

    monkeypatch.setattr(data_check, 'all_gather_object', gather)
    monkeypatch.setattr(data_check, 'get_dist_info', lambda: (1, 2))
    problems = check_samples('Some', samples)
    assert [p.detail.split(':')[0] for p in own[0]] == [samples[1]['img_path']]
    assert problems[-1] == ('from', 'the other rank')
