from tiny_files import SHAPE

from upocr_mm.datasets.tampered_ic13 import TamperedIC13Dataset
from upocr_mm.datasets.transforms import LoadTargets


def test_boxes_become_classes(ic13_root):
    dataset = TamperedIC13Dataset(str(ic13_root), 'train')
    assert dataset.metainfo['classes'] == ('background', 'real', 'tampered')
    info = dict(dataset.get_data_info(0), ori_shape=SHAPE)
    seg_map = LoadTargets()(info)['gt_seg_map']
    assert seg_map[3, 2] == seg_map[4, 10] == 1
    assert seg_map[8, 8] == seg_map[12, 20] == 2
    assert seg_map[13, 20] == seg_map[12, 21] == seg_map[2, 2] == 0
    # 9 x 6 and 13 x 8 pixels, 3 x 4 of them common
    assert (seg_map == 2).sum() == 13 * 8
    assert (seg_map == 1).sum() == 9 * 6 - 3 * 4


def test_empty_file_is_all_background(ic13_root):
    dataset = TamperedIC13Dataset(str(ic13_root), 'train')
    info = dict(dataset.get_data_info(1), ori_shape=SHAPE)
    assert info['boxes'] == []
    seg_map = LoadTargets()(info)['gt_seg_map']
    assert seg_map.shape == SHAPE and not seg_map.any()
