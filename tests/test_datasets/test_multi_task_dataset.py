import numpy as np
import pytest
from mmengine.registry import init_default_scope

from upocr_mm.datasets import MultiTaskDataset, SCUTEnsTextDataset, SeededIndex

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTargets'),
    dict(type='PairedRandomCrop'),
    dict(type='PairedRandomFlip', prob=0.5),
    dict(type='PairedRandomRotate'),
    dict(type='PairedResize', size=(32, 48)),
    dict(type='PackImageToImageInputs'),
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.fixture
def configs(scut_root, textseg_root, ic13_root):
    return dict(
        text_removal=dict(
            type='SCUTEnsTextDataset',
            data_root=str(scut_root),
            pipeline=PIPELINE),
        text_segmentation=dict(
            type='TextSegDataset',
            data_root=str(textseg_root),
            pipeline=PIPELINE),
        tampered_text_detection=dict(
            type='TamperedIC13Dataset',
            data_root=str(ic13_root),
            pipeline=PIPELINE))


def test_index_runs_through_the_tasks(configs):
    dataset = MultiTaskDataset(configs)
    assert len(dataset) == 7
    assert dataset.tasks == list(configs)
    assert dataset.task_ranges == dict(
        text_removal=(0, 3),
        text_segmentation=(3, 5),
        tampered_text_detection=(5, 7))
    assert dataset.metainfo['tasks']['tampered_text_detection']['classes'] == (
        'background', 'real', 'tampered')
    for idx, task in ((2, 'text_removal'), (3, 'text_segmentation'),
                      (6, 'tampered_text_detection')):
        info = dataset.get_data_info(idx)
        sample = dataset[idx]['data_samples']
        assert sample.task == info['task'] == task
        assert sample.sample_idx == info['sample_idx'] == idx
        assert sample.img_path == info['img_path']
    assert dataset.get_data_info(-1)['sample_idx'] == 6


def test_none_switches_a_task_off(configs):
    dataset = MultiTaskDataset(dict(configs, text_removal=None))
    assert dataset.tasks == ['text_segmentation', 'tampered_text_detection']
    assert len(dataset) == 4
    with pytest.raises(ValueError, match='one task at least'):
        MultiTaskDataset(dict(text_removal=None))


def test_built_data_sets_are_taken(scut_root):
    child = SCUTEnsTextDataset(str(scut_root))
    assert MultiTaskDataset(dict(text_removal=child)).datasets == [child]


def test_wrong_key_names_both_tasks(configs):
    with pytest.raises(ValueError, match='text_segmentation.*text_removal'):
        MultiTaskDataset(dict(text_segmentation=configs['text_removal']))


@pytest.mark.parametrize('datasets', [[], dict(text_removal='x')])
def test_wrong_types(datasets):
    with pytest.raises(TypeError, match='dict'):
        MultiTaskDataset(datasets)


def test_problems_of_all_tasks_come_together(configs, scut_root, ic13_root):
    (scut_root / 'train/image/1.jpg').write_bytes(b'')
    (ic13_root / 'train_gt/img_0.txt').write_text('1,2')
    with pytest.raises(ValueError) as error:
        MultiTaskDataset(configs)
    assert 'image/1.jpg' in str(error.value)
    assert 'img_0.txt, line 1' in str(error.value)


def test_common_pipeline_follows_the_own_one(configs):
    for config in configs.values():
        config['pipeline'] = PIPELINE[:2]
    dataset = MultiTaskDataset(configs, pipeline=PIPELINE[2:])
    first = dataset[SeededIndex(4, 5)]
    assert first['inputs'].shape == (3, 32, 48)
    assert first['data_samples'].sample_idx == 4
    # The common steps are seeded as well.
    assert (dataset[SeededIndex(4, 5)]['inputs'] == first['inputs']).all()


@pytest.mark.parametrize('index', range(7))
def test_augmentation_follows_the_seed(configs, index):
    dataset = MultiTaskDataset(configs)
    np.random.seed(0)
    state = np.random.get_state()[1]
    first = dataset[SeededIndex(index, 5)]['inputs']
    assert (np.random.get_state()[1] == state).all()
    np.random.seed(1)
    assert (dataset[SeededIndex(index, 5)]['inputs'] == first).all()
    assert (dataset[SeededIndex(index, 6)]['inputs'] != first).any()
