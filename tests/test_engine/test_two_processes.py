"""Two processes on the CPU train as one with the doubled batch does."""
from __future__ import annotations
import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from reference_model import TASKS, reference_model_cfg

STEPS = 6
LR = 0.003
LOSSES = dict(
    text_removal=dict(
        pixel=dict(type='MultiScalePixelLoss', outside_weights=(0.8, 1., 2.)),
        feature=dict(type='VGGFeatureLoss', weights='random')),
    text_segmentation=dict(
        pixel=dict(type='MultiScalePixelLoss', distance='smooth_l1')),
    tampered_text_detection=dict(
        pixel=dict(type='MultiScalePixelLoss', distance='smooth_l1')))


def batch(step: int) -> tuple[torch.Tensor, list[SegDataSample]]:
    """Six samples; the second half are other pictures of the same tasks."""
    random = torch.Generator().manual_seed(step)
    samples = []
    for task in (*TASKS, *TASKS):
        sample = SegDataSample(metainfo=dict(task=task))
        sample.gt_image = PixelData(
            data=torch.rand(3, 32, 32, generator=random).double())
        labels = torch.randint(0, 2, (1, 32, 32), generator=random)
        sample.gt_text_mask = PixelData(data=labels.byte())
        sample.gt_sem_seg = PixelData(data=labels)
        samples.append(sample)
    return torch.rand(6, 3, 32, 32, generator=random).double(), samples


def train(rank: int, world_size: int, folder: str) -> None:
    """Write the loss of each step, a mean over the processes."""
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meeting_{world_size}',
        rank=rank,
        world_size=world_size)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(reference_model_cfg(LOSSES)).train()
    # In float32 rounding grows to a hundredth within these steps, also where
    # one process repeats them with weights changed by 1e-7.
    model.double()
    ddp = MMDistributedDataParallel(model, device_ids=None)
    # Not AdamW: its first steps have the size of the rate even where a
    # gradient is nothing but rounding.
    optimizer = OptimWrapper(torch.optim.SGD(ddp.parameters(), lr=LR))
    curve = []
    for step in range(STEPS):
        inputs, samples = batch(step)
        n = len(samples) // world_size
        part = slice(rank * n, rank * n + n)
        losses = ddp(inputs[part], samples[part], mode='loss')
        loss, _ = model.parse_losses(losses)
        optimizer.update_params(loss)
        mean = loss.detach() / world_size
        dist.all_reduce(mean)
        curve.append(mean.item())
    if rank == 0:
        Path(folder, f'curve_{world_size}').write_text(repr(curve))
    dist.destroy_process_group()
    # Without destructors: that of the reducer holds Python's lock while it
    # waits for a thread that may want the same lock.
    os._exit(0)


def test_same_loss_curve(tmp_path: Path) -> None:
    curves = {}
    for world_size in 1, 2:
        mp.spawn(train, (world_size, str(tmp_path)), nprocs=world_size)
        text = (tmp_path / f'curve_{world_size}').read_text()
        curves[world_size] = [float(x) for x in text.strip('[]').split(',')]
    assert curves[2] == pytest.approx(curves[1], rel=1e-4)
    # it did train
    assert min(curves[1]) < 0.9 * curves[1][0]
