from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader

from upocr_mm.datasets import (LoadTargets, MultiTaskDataset,
                               SCUTEnsTextDataset, SyntheticTextDataset,
                               TamperedIC13Dataset, TextSegDataset)
from upocr_mm.datasets.samplers import MultiTaskBatchSampler
from upocr_mm.synthesis import synthesize_dataset

TASKS = ('text_removal', 'text_segmentation', 'tampered_text_detection')
ARGUMENTS = dict(size=(64, 96), presets=['scene', 'document'], seed=3)
TARGETS = ('img', 'gt_image', 'gt_text_mask', 'gt_seg_map')


@pytest.mark.parametrize('task, reader', [
    (TASKS[0], SCUTEnsTextDataset),
    (TASKS[1], TextSegDataset),
    (TASKS[2], TamperedIC13Dataset),
])
def test_equals_the_files(tmp_path: Path, task: str, reader) -> None:
    """As files and on the fly, pixel for pixel."""
    root = synthesize_dataset(
        tmp_path, num_train=4, num_test=1, tasks=[task], **ARGUMENTS)[task]
    files = reader(
        str(root),
        pipeline=[
            LoadImageFromFile(color_type='color_ignore_orientation'),
            LoadTargets()
        ])
    made = SyntheticTextDataset(task, length=4, **ARGUMENTS)
    assert made.metainfo['task'] == task
    # The names of files are sorted as texts, 1 to 4.
    for i in range(4):
        read, fresh = files[i], made[i]
        assert [key for key in TARGETS
                if key in read] == [key for key in TARGETS if key in fresh]
        for key in TARGETS:
            if key in read:
                assert read[key].dtype == fresh[key].dtype
                assert np.array_equal(read[key], fresh[key]), key
        assert read['seg_fields'] == fresh['seg_fields']
        assert read['ori_shape'] == fresh['ori_shape']


def test_any_number_of_workers() -> None:
    """The workers of a loader make what the process itself would."""
    datasets = {
        task: SyntheticTextDataset(task, length=3, **ARGUMENTS)
        for task in TASKS
    }
    dataset = MultiTaskDataset(datasets)
    expected = [dataset[i]['img'] for i in range(9)]
    for workers in (1, 2):
        loader = DataLoader(
            dataset, batch_size=1, num_workers=workers, collate_fn=list)
        found = [batch[0]['img'] for batch in loader]
        for a, b in zip(expected, found):
            assert np.array_equal(a, b)


def test_resumed_sampler_asks_for_the_same_samples() -> None:
    """The third batch is the same after a resume as in one run."""

    def batches(start: int, count: int) -> list[list[np.ndarray]]:
        dataset = MultiTaskDataset(
            {task: SyntheticTextDataset(task, **ARGUMENTS)
             for task in TASKS})
        sampler = MultiTaskBatchSampler(
            InfiniteSampler(dataset, seed=5), batch_size=3)
        sampler.start_iter = start
        return [[dataset[i]['img'] for i in batch]
                for _, batch in zip(range(count), sampler)]

    straight, resumed = batches(0, 4), batches(2, 2)
    for a, b in zip(straight[2:], resumed):
        assert all(np.array_equal(x, y) for x, y in zip(a, b))
    assert not np.array_equal(straight[0][0], straight[2][0])


def test_length_and_splits() -> None:
    dataset = SyntheticTextDataset(TASKS[0], **ARGUMENTS)
    assert len(dataset) == 1_000_000
    assert dataset[999_999]['img'].shape == (64, 96, 3)
    with pytest.raises(IndexError):
        dataset.get_data_info(1_000_000)
    test = SyntheticTextDataset(TASKS[0], split='test', **ARGUMENTS)
    assert not np.array_equal(test[0]['img'], dataset[0]['img'])


@pytest.mark.parametrize('changes, message', [
    (dict(task='spotting'), "task must be one of .* got 'spotting'"),
    (dict(split='all'), "split must be .* got 'all'"),
    (dict(length=0), 'length must be an integer'),
    (dict(size=(8, 8)), 'size must be two integers'),
    (dict(presets='movie'), 'preset must be one of'),
    (dict(changes=dict(empty=3)), 'empty must lie in'),
])
def test_bad_arguments(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SyntheticTextDataset(**{**dict(task=TASKS[0]), **ARGUMENTS, **changes})
