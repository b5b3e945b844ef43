from pathlib import Path

import pytest
from tiny_files import SHAPE, write_text

from upocr_mm.datasets.textseg import TextSegDataset
from upocr_mm.datasets.transforms import LoadTargets


@pytest.mark.parametrize('split, names', [('train', 'ab'), ('test', 'd'),
                                          (['train', 'val'], 'abc')])
def test_splits(textseg_root, split, names):
    dataset = TextSegDataset(str(textseg_root), split)
    paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    assert [Path(path).stem for path in paths] == list(names)
    assert dataset.metainfo['task'] == 'text_segmentation'
    assert dataset.metainfo['classes'] == ('background', 'text')


def test_values_become_classes(textseg_root):
    info = TextSegDataset(str(textseg_root)).get_data_info(0)
    results = LoadTargets()(dict(info, ori_shape=SHAPE))
    # 0, 100, 200, 255 -> background, text, background, ignored
    assert results['gt_seg_map'][0, 5::10].tolist() == [0, 1, 0, 255, 0, 0]
    assert results['seg_fields'] == ['gt_seg_map']


def test_unknown_split_names_the_known_ones(textseg_root):
    with pytest.raises(ValueError, match="'trian'.*'test', 'train', 'val'"):
        TextSegDataset(str(textseg_root), 'trian')


def test_broken_split_file_is_named(textseg_root):
    write_text(textseg_root / 'split.json', '{"train": [')
    with pytest.raises(ValueError, match='split.json must hold'):
        TextSegDataset(str(textseg_root))
