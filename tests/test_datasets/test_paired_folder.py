import numpy as np
import pytest
from tiny_files import SHAPE, write_gray, write_image

from upocr_mm.datasets.paired_folder import PairedFolderDataset
from upocr_mm.datasets.transforms import LoadTargets


@pytest.fixture
def root(tmp_path):
    values = np.zeros(SHAPE)
    values[:, 30:] = 255
    values[0] = 7
    for i in range(2):
        write_image(tmp_path / f'image/{i}.jpg', i)
        write_image(tmp_path / f'clean/{i}.jpg', i)
        write_gray(tmp_path / f'classes/{i}.png', values)
        write_gray(tmp_path / f'text/{i}.png', (values == 255) * 255)
    return str(tmp_path)


def load(dataset):
    return LoadTargets()(dict(dataset.get_data_info(0), ori_shape=SHAPE))


@pytest.mark.parametrize('value, share_of_text', [(0, 'left'), (255, 'right')])
def test_image_target_with_mask(root, value, share_of_text):
    prefix = dict(img_path='image', target_path='clean', mask_path='text')
    results = load(
        PairedFolderDataset('my_task', root, prefix, mask_text_value=value))
    assert results['task'] == 'my_task'
    assert results['gt_image'].shape == (*SHAPE, 3)
    assert results['gt_text_mask'][5, 0] == (share_of_text == 'left')
    assert results['gt_text_mask'][5, 40] == (share_of_text == 'right')


def test_image_target_without_mask(root):
    prefix = dict(img_path='image', target_path='clean')
    results = load(PairedFolderDataset('my_task', root, prefix))
    assert 'gt_text_mask' not in results and results['seg_fields'] == []


@pytest.mark.parametrize('label_map, expected', [
    ({0: 0, 255: 1, 7: 255}, [255, 0, 1]),
    ({0: 1, 255: 255, 7: 0}, [0, 1, 255]),
    ({'0': 0, '255': 1, '7': 2}, [2, 0, 1]),
])  # yapf: disable
def test_class_target(root, label_map, expected):
    prefix = dict(img_path='image', target_path='classes')
    dataset = PairedFolderDataset(
        'my_task', root, prefix, 'classes', label_map=label_map)
    seg_map = load(dataset)['gt_seg_map']
    assert [seg_map[0, 0], seg_map[5, 0], seg_map[5, 40]] == expected
    count = 1 + max(label for label in label_map.values() if label != 255)
    assert len(dataset.metainfo['classes']) == count
    assert len(dataset.metainfo['palette']) == count


def test_value_that_is_not_in_the_label_map(root):
    prefix = dict(img_path='image', target_path='classes')
    with pytest.raises(ValueError, match=r'allowed: 0, 255[\s\S]*0.png.* 7 '):
        PairedFolderDataset('my_task', root, prefix, 'classes')


@pytest.mark.parametrize('arguments, message', [
    (dict(target_type='mask'), "'image' or 'classes', got 'mask'"),
    (dict(mask_text_value=1), '0 or 255, got 1'),
    (dict(data_prefix=dict(img_path='image')), 'target_path'),
    (dict(data_prefix=dict(img_path='a', target_path='b', masks='c')),
     'masks'),
    (dict(label_map={0: 0}), "label_map is for target_type 'classes'"),
    (dict(target_type='classes', label_map={0: 0, 256: 1}), '256'),
    (dict(target_type='classes', label_map={0: 0, 255: 2},
          metainfo=dict(classes=('a', 'b'))), 'class 2'),
])  # yapf: disable
def test_bad_arguments(root, arguments, message):
    with pytest.raises(ValueError, match=message):
        PairedFolderDataset('my_task', root, **arguments)
