import cv2
import numpy as np
import pytest
from tiny_files import SHAPE, write_text

from upocr_mm.datasets.scut_enstext import SCUTEnsTextDataset
from upocr_mm.datasets.transforms import LoadTargets


def load(dataset, idx):
    return LoadTargets()(dict(dataset.get_data_info(idx), ori_shape=SHAPE))


def test_prepared_layout(scut_root):
    dataset = SCUTEnsTextDataset(str(scut_root), 'train')
    assert len(dataset) == 3
    info = dataset.get_data_info(1)
    assert info['img_path'].endswith('train/image/1.jpg')
    assert info['target_path'].endswith('train/label/1.png')
    assert info['task'] == dataset.metainfo['task'] == 'text_removal'
    mask = load(dataset, 1)['gt_text_mask']
    assert mask[10:20, 5:30].all() and mask.sum() == 10 * 25


def test_raw_layout_draws_polygons(raw_scut_root):
    dataset = SCUTEnsTextDataset(str(raw_scut_root), 'test')
    mask = load(dataset, 0)['gt_text_mask']
    assert mask.shape == SHAPE and mask.dtype == np.uint8
    assert mask[10:21, 10:21].all() and mask[25, 15] and not mask[25, 14]


def test_polygons_beside_masks(scut_root):
    """They are for the detection score; a broken line is told at once."""
    write_text(scut_root / 'train/all_gts/0.txt', '10,10,20,10,20,20\n')
    write_text(scut_root / 'train/all_gts/1.TXT', '')
    dataset = SCUTEnsTextDataset(str(scut_root))
    results = [load(dataset, idx) for idx in range(3)]
    assert results[0]['ori_polygons'] == [[10, 10, 20, 10, 20, 20]]
    assert results[1]['ori_polygons'] == []
    assert 'ori_polygons' not in results[2]
    for result in results:  # the masks, not the polygons
        assert result['gt_text_mask'].sum() == 10 * 25
    write_text(scut_root / 'train/all_gts/2.txt', '10,10,20\n')
    with pytest.raises(ValueError, match='all_gts/2.txt, line 1'):
        SCUTEnsTextDataset(str(scut_root))


def test_mask_is_thresholded_at_128(scut_root):
    values = np.tile(
        np.array([0, 127, 128, 255] * 15, dtype=np.uint8), (SHAPE[0], 1))
    cv2.imwrite(str(scut_root / 'train/mask/0.png'), values)
    dataset = SCUTEnsTextDataset(str(scut_root), check_files=False)
    assert load(dataset, 0)['gt_text_mask'][0, :4].tolist() == [1, 1, 0, 0]


def test_task_lazy_init_indices_and_serialization(scut_root):
    dataset = SCUTEnsTextDataset(
        str(scut_root), task='erase', lazy_init=True, indices=2)
    assert not dataset._fully_initialized
    assert dataset.metainfo['task'] == 'erase'
    dataset.full_init()
    assert len(dataset) == 2 and dataset.data_list == []
    assert dataset.get_data_info(0)['task'] == 'erase'


def test_missing_root_names_the_folder(tmp_path):
    with pytest.raises(ValueError, match='nowhere/train/image'):
        SCUTEnsTextDataset(str(tmp_path / 'nowhere'))
