from itertools import islice

import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmseg.registry import DATASETS

from upocr_mm.datasets import MultiTaskBatchSampler, MultiTaskDataset
from upocr_mm.datasets.base_paired_dataset import BasePairedDataset

SIZES = dict(task_a=5, task_b=7, task_c=2)


@DATASETS.register_module()
class NumbersDataset(BasePairedDataset):
    """A data set without files, whose samples are random numbers."""

    def __init__(self, task, count, **kwargs):
        self.count = count
        super().__init__('', task, check_files=False, **kwargs)
        self.pipeline.transforms = [
            lambda info: (info['sample_idx'], torch.rand(()).item())
        ]

    def list_samples(self):
        return [dict(img_path=str(i)) for i in range(self.count)]


def datasets_config(sizes=SIZES):
    return {
        task: dict(type='NumbersDataset', task=task, count=count)
        for task, count in sizes.items()
    }


def build(batch_size=6,
          rank=0,
          world_size=1,
          seed=3,
          shuffle=True,
          task_ratio=None):
    sampler = InfiniteSampler(
        MultiTaskDataset(datasets_config()), shuffle=shuffle, seed=seed)
    sampler.rank, sampler.world_size = rank, world_size
    return MultiTaskBatchSampler(sampler, batch_size, task_ratio)


def take(sampler, count):
    return list(islice(iter(sampler), count))


def of_task(sampler, batches, task):
    start, stop = sampler.sampler.dataset.task_ranges[task]
    return [d for b in batches for d in b if start <= d.index < stop]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmseg')


@pytest.mark.parametrize('ratio, counts', [
    (None, [2, 2, 2]),
    (dict(task_c=1, task_a=3, task_b=2), [3, 2, 1]),
])
def test_every_batch_has_fixed_counts(ratio, counts):
    sampler = build(task_ratio=ratio)
    for batch in take(sampler, 20):
        assert [len(of_task(sampler, [batch], t)) for t in SIZES] == counts


@pytest.mark.parametrize('shuffle', [True, False])
def test_every_epoch_of_a_task_has_each_sample_once(shuffle):
    sampler = build(shuffle=shuffle)
    batches = take(sampler, 35)
    start = 0
    for task, size in SIZES.items():
        drawn = [d.index - start for d in of_task(sampler, batches, task)]
        epochs = [drawn[i:i + size] for i in range(0, len(drawn), size)]
        assert all(sorted(e) == list(range(size)) for e in epochs)
        assert (len({tuple(e) for e in epochs}) > 1) == shuffle
        start += size


def test_seeds_of_draws_differ():
    seeds = [d.seed for batch in take(build(), 50) for d in batch]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= s < 2**32 for s in seeds)


def test_two_ranks_draw_what_one_rank_draws():
    single = take(build(12), 30)
    ranks = [take(build(6, rank, 2), 30) for rank in range(2)]
    for whole, *parts in zip(single, *ranks):
        assert sorted(whole) == sorted(parts[0] + parts[1])
        assert not {d.seed for d in parts[0]} & {d.seed for d in parts[1]}


@pytest.mark.parametrize('rank, world_size', [(0, 1), (1, 2)])
def test_starting_late_continues_the_sequence(rank, world_size):
    expected = take(build(rank=rank, world_size=world_size), 60)[47:]
    sampler = build(rank=rank, world_size=world_size)
    sampler.start_iter = 47
    assert take(sampler, 13) == expected


def test_starting_very_late_needs_no_replay():
    sampler = build()
    sampler.start_iter = 10**15
    assert len(take(sampler, 3)) == 3


def test_seed_decides():
    assert take(build(seed=1), 5) == take(build(seed=1), 5)
    assert take(build(seed=1), 5) != take(build(seed=2), 5)


def test_draws_stay_the_same_over_versions():
    """A later version must go on where an older one stopped."""
    assert take(build(3), 2) == [
        [(1, 2176455991), (8, 4035446693), (12, 3468770380)],
        [(4, 2631958561), (10, 692999689), (13, 3010476875)],
    ]


def test_length_is_the_one_of_mmengine():
    sampler = build(6)
    stock = torch.utils.data.BatchSampler(sampler.sampler, 6, drop_last=False)
    assert len(sampler) == len(stock) == 3


@pytest.mark.parametrize('arguments, message', [
    (dict(batch_size=10), 'batch_size 10 .* 1:1:1 .*task_a.* multiples of 3'),
    (dict(batch_size=0), 'batch_size 0'),
    (dict(batch_size=6, task_ratio=dict(task_a=1, task_b=2, task_c=1)),
     'batch_size 6 .* 1:2:1 .* multiples of 4'),
    (dict(task_ratio=dict(task_a=1, task_b=1)), 'task_c'),
    (dict(task_ratio=dict(task_a=1, task_b=1, task_c=0)), 'positive integer'),
])
def test_impossible_shares(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_wrong_classes():
    dataset = MultiTaskDataset(datasets_config())
    with pytest.raises(TypeError, match='InfiniteSampler.*DefaultSampler'):
        MultiTaskBatchSampler(DefaultSampler(dataset), 6)
    with pytest.raises(TypeError, match='MultiTaskDataset, got list'):
        MultiTaskBatchSampler(InfiniteSampler([1, 2, 3]), 6)


def loader(num_workers):
    return Runner.build_dataloader(
        dict(
            batch_size=6,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            sampler=dict(type='InfiniteSampler', shuffle=True),
            batch_sampler=dict(type='MultiTaskBatchSampler'),
            dataset=dict(type='MultiTaskDataset', datasets=datasets_config())),
        seed=11)


def test_data_loader_of_the_runner_gives_the_same_with_workers():
    alone, workers = loader(0), loader(2)
    assert isinstance(alone.batch_sampler, MultiTaskBatchSampler)
    assert alone.batch_sampler.seed == 11
    assert len(alone) == 3
    # pseudo_collate: [all indices, all random numbers]
    expected = list(islice(alone, 12))
    assert list(islice(workers, 12)) == expected
    workers.batch_sampler.start_iter = 4
    assert list(islice(workers, 8)) == expected[4:]
