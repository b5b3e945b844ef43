from __future__ import annotations
import itertools

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from tiny_files import write_image
from tiny_run import CONFIGS, tiny_cfg

from upocr_mm.datasets.browse_samples import (build_browsed_dataset,
                                              choose_indices, load_samples)
from upocr_mm.datasets.data_check import DataCheckError

TASKS = ['text_removal', 'text_segmentation', 'tampered_text_detection']


@pytest.fixture
def cfg(tmp_path, drawn_data):
    init_default_scope('mmseg')
    return tiny_cfg(tmp_path, drawn_data)


def scut(root, **kwargs):
    init_default_scope('mmseg')
    pipeline = [
        dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PairedRandomCrop', scale=(0.5, 1.0)),
        dict(type='PackImageToImageInputs')
    ]
    return dict(
        dict(
            type='SCUTEnsTextDataset', data_root=str(root), pipeline=pipeline),
        **kwargs)


def test_what_a_training_sees_first(cfg):
    """Also of some tasks only, whatever the batch size."""
    loader_cfg = cfg.train_dataloader
    loader = Runner.build_dataloader(loader_cfg.copy(), seed=4)
    expected = {task: [] for task in TASKS}
    for batch in itertools.islice(loader.batch_sampler, 7):
        for task, index in zip(TASKS, batch):  # one of each
            expected[task].append(index)
    dataset = build_browsed_dataset(loader_cfg.dataset)
    assert choose_indices(dataset, 7, 4, training=True) == expected
    assert choose_indices(dataset, 7, 5, training=True) != expected
    dataset = build_browsed_dataset(loader_cfg.dataset, TASKS[:1])
    assert choose_indices(
        dataset, 7, 4, training=True) == {
            TASKS[0]: expected[TASKS[0]]
        }


def test_held_out_samples(cfg):
    dataset = build_browsed_dataset(cfg.test_dataloader.dataset)
    chosen = choose_indices(dataset, 2, 0, training=False)
    assert chosen == choose_indices(dataset, 2, 0, training=False)
    for task, (start, stop) in dataset.task_ranges.items():
        first, second = (index.index for index in chosen[task])
        assert start <= first < second < stop
    # not more than there are
    chosen = choose_indices(dataset, 50, 0, training=False)
    assert [len(chosen[task]) for task in TASKS] == [3, 3, 3]


def test_the_seed_decides_the_augmentation(scut_root):
    dataset = build_browsed_dataset(scut(scut_root))
    assert dataset.tasks == ['text_removal']

    def shapes(seed):
        indices = choose_indices(dataset, 3, seed, False)['text_removal']
        return [
            tuple(s.packed['inputs'].shape)
            for s in load_samples(dataset, indices)
        ]

    assert shapes(1) == shapes(1) != shapes(2)


def test_damaged_pictures_in_the_middle(scut_root):
    (scut_root / 'train/image/1.jpg').write_bytes(b'no picture')
    dataset = build_browsed_dataset(scut(scut_root))
    indices = choose_indices(dataset, 3, 0, False)['text_removal']
    samples = list(load_samples(dataset, indices))
    assert [s.index for s in samples] == [0, 1, 2]
    assert [s.packed is None for s in samples] == [False, True, False]
    assert samples[1].img_path == str(scut_root / 'train/image/1.jpg')
    assert samples[1].error and not samples[0].error
    image = samples[0].packed['inputs'].numpy()
    assert image.dtype == np.uint8 and image.shape[0] == 3


def test_data_of_other_tasks_are_not_needed(cfg):
    dataset = cfg.train_dataloader.dataset
    dataset.datasets.text_segmentation.data_root = '/nowhere'
    assert build_browsed_dataset(dataset, TASKS[:1]).tasks == TASKS[:1]
    with pytest.raises(DataCheckError, match='/nowhere'):
        build_browsed_dataset(dataset)


def test_unknown_and_disabled_tasks(cfg):
    dataset = cfg.train_dataloader.dataset
    with pytest.raises(ValueError, match=r"some of \[.*, got \['deblur'\]"):
        build_browsed_dataset(dataset, ['text_removal', 'deblur'])
    dataset.datasets.text_removal = None
    with pytest.raises(ValueError, match=r"got \['text_removal'\]"):
        build_browsed_dataset(dataset, ['text_removal'])
    assert build_browsed_dataset(dataset).tasks == TASKS[1:]


def test_empty_data_set(tmp_path):
    write_image(tmp_path / 'train/image/1.jpg')
    (tmp_path / 'train/label').mkdir()
    (tmp_path / 'train/mask').mkdir()
    with pytest.raises(DataCheckError, match='empty data set'):
        build_browsed_dataset(scut(tmp_path))


def test_other_data_sets():
    init_default_scope('mmseg')
    with pytest.raises(ValueError, match='cannot be built: '):
        build_browsed_dataset(dict(type='NoSuchDataset'))
    with pytest.raises(ValueError, match='BaseSegDataset names no task'):
        build_browsed_dataset(dict(type='BaseSegDataset'))


@pytest.mark.parametrize('name', [
    'baselines/unet-s5-d16_fcn_2xb8-80k_textseg-512x512.py',
    'upocr_ablation/upocr_swinv2-s_2xb16-80k_tasks-removal-tampered.py'
])
def test_shipped_configs(name, drawn_data, monkeypatch):
    monkeypatch.setenv('UPOCR_DATA', str(drawn_data))
    init_default_scope('mmseg')
    cfg = Config.fromfile(CONFIGS / name)
    for split in 'train', 'val', 'test':
        dataset = build_browsed_dataset(cfg[f'{split}_dataloader'].dataset)
        chosen = choose_indices(dataset, 1, 0, split == 'train')
        for indices in chosen.values():
            sample, = load_samples(dataset, indices)
            assert sample.packed['inputs'].shape == (3, 512, 512)
