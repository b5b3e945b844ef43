"""Data sets hold their samples once, as bytes, and nothing that grows."""
from __future__ import annotations
import gc
import json
import multiprocessing
import pickle
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import InfiniteSampler
from mmengine.registry import init_default_scope
from tiny_files import SHAPE, write_gray, write_image, write_text
from torch.utils.data import DataLoader, get_worker_info

from upocr_mm.datasets import MultiTaskBatchSampler, MultiTaskDataset

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTargets'),
    dict(type='PairedRandomCrop'),
    dict(type='PairedRandomFlip', prob=0.5),
    dict(type='ByteColorJitter', brightness=0.5, contrast=0.5),
    dict(type='PairedRandomRotate'),
    dict(type='PairedResize', size=(32, 48)),
    dict(type='PackImageToImageInputs'),
]


@pytest.fixture(autouse=True)
def scope() -> None:
    init_default_scope('mmseg')


def write_data(root: Path, count: int) -> dict:
    """Write ``count`` samples of each task; return the data sets' configs."""
    names = [f'{i:02d}' for i in range(count)]
    for name in names:
        write_image(root / f'scut/train/all_images/{name}.jpg')
        write_image(root / f'scut/train/all_labels/{name}.jpg')
        write_text(root / f'scut/train/all_gts/{name}.txt',
                   '5,5,20,5,20,20,5,20\n' * 3)
        write_image(root / f'textseg/image/{name}.jpg')
        write_gray(root / f'textseg/semantic_label/{name}_maskfg.png',
                   np.eye(*SHAPE) * 100)
        write_image(root / f'ic13/train_img/{name}.jpg')
        write_text(root / f'ic13/train_gt/{name}.txt', '2,3,10,8,1\n' * 3)
    write_text(root / 'textseg/split.json', json.dumps(dict(train=names)))
    types = dict(
        text_removal=('SCUTEnsTextDataset', 'scut'),
        text_segmentation=('TextSegDataset', 'textseg'),
        tampered_text_detection=('TamperedIC13Dataset', 'ic13'))
    datasets = {
        task: dict(type=type, data_root=str(root / name), pipeline=PIPELINE)
        for task, (type, name) in types.items()
    }
    datasets['own'] = dict(
        type='PairedFolderDataset',
        task='own',
        data_root=str(root / 'scut/train'),
        data_prefix=dict(img_path='all_images', target_path='all_labels'),
        pipeline=PIPELINE)
    return datasets


def size_without_arrays(dataset: MultiTaskDataset) -> int:
    """Bytes of all that a worker would get besides the samples' bytes."""
    arrays = []
    for child in dataset.datasets:
        assert child.data_list == []
        arrays.append((child.data_bytes, child.data_address))
        child.data_bytes = child.data_address = None
    size = len(pickle.dumps(dataset))
    for child, (data, address) in zip(dataset.datasets, arrays):
        child.data_bytes, child.data_address = data, address
    return size


def test_samples_are_held_as_bytes_only(tmp_path: Path) -> None:
    sizes = []
    for name, count in (('a', 3), ('b', 23)):
        dataset = MultiTaskDataset(write_data(tmp_path / name, count))
        assert len(dataset) == 4 * count
        sizes.append(size_without_arrays(dataset))
        for child in dataset.datasets:
            assert child.data_bytes.dtype == np.uint8
            assert len(child.data_address) == count
            assert len(child.data_bytes) < 4096 * count
        for index in range(len(dataset)):
            dataset[index]
        assert size_without_arrays(dataset) == sizes[-1]
    assert sizes[0] == sizes[1]


def test_memory_is_flat_over_epochs(tmp_path: Path) -> None:
    dataset = MultiTaskDataset(write_data(tmp_path, 8))
    sampler = InfiniteSampler(dataset, seed=0)
    batches = iter(MultiTaskBatchSampler(sampler, batch_size=4))

    def held() -> tuple[int, int]:
        gc.collect()
        return len(gc.get_objects()), tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        # Whatever is made at first use, with one sample of each task: a cache
        # of samples would go on growing.
        for _ in range(8):
            for start, _ in dataset.task_ranges.values():
                dataset[start]
        next(batches)
        objects, size = held()
        for batch in islice(batches, 3 * 8):
            for draw in batch:
                dataset[draw]
        more_objects, more_size = held()
    finally:
        tracemalloc.stop()
    # One object or picture kept of each of 28 samples would be more.
    assert more_objects - objects < 20
    assert more_size - size < 28 * SHAPE[0] * SHAPE[1]


def _look(batch: list) -> list[tuple[int, int]]:
    """Where the worker's data sets have their samples, and how many objects
    in a list."""
    return [(child.data_bytes.ctypes.data, len(child.data_list))
            for child in get_worker_info().dataset.datasets]


@pytest.mark.skipif(
    'fork' not in multiprocessing.get_all_start_methods(),
    reason='workers of this system do not share memory')
def test_forked_workers_share_the_bytes(tmp_path: Path) -> None:
    dataset = MultiTaskDataset(write_data(tmp_path, 2))
    loader = DataLoader(
        dataset,
        batch_size=4,
        num_workers=2,
        collate_fn=_look,
        multiprocessing_context='fork')
    own = [(child.data_bytes.ctypes.data, 0) for child in dataset.datasets]
    assert list(loader) == [own, own]
