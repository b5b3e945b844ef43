"""SegMIM and ViTEraser: two processes train as one with twice the batch."""
from __future__ import annotations
import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from pretraining_files import segmim_cfg, viteraser_cfg

from upocr_mm.engine import SameStartWrapper

STEPS = 5
SGD = dict(optimizer=dict(type='SGD', lr=0.003))
TWO = dict(
    constructor='SeparateOptimWrapperConstructor',
    generator=SGD,
    discriminator=SGD)


class AsItIs(torch.nn.Module):
    """A data preprocessor for batches that need none."""

    def forward(self, data: dict, training: bool) -> dict:
        return data


def batch(step: int) -> tuple[torch.Tensor, list[SegDataSample]]:
    """Four samples; each has two of its four cells masked."""
    random = torch.Generator().manual_seed(step)
    samples = []
    for i in range(4):
        sample = SegDataSample(metainfo=dict(task='text_removal'))
        sample.gt_image = PixelData(
            data=torch.rand(3, 64, 64, generator=random).double())
        mask = torch.zeros(1, 64, 64)
        mask[:, 4 * i:40, 8:60] = 1
        sample.gt_text_mask = PixelData(data=mask)
        cells = torch.zeros(4)
        cells[torch.randperm(4, generator=random)[:2]] = 1
        sample.masked_cells = PixelData(data=cells.view(1, 2, 2))
        samples.append(sample)
    return torch.rand(4, 3, 64, 64, generator=random).double(), samples


def build(kind: str) -> torch.nn.Module:
    """A model in float64, where rounding does not grow within the steps."""
    cfg = segmim_cfg() if kind == 'segmim' else viteraser_cfg()
    for part in 'backbone', 'decode_head':
        cfg[part]['arch']['depths'] = [1] * len(cfg[part]['arch']['depths'])
    if kind == 'viteraser':
        cfg['losses']['text_removal'].pop('feature')
        cfg['discriminator']['channels'] = (8, 8, 8)
    model = MODELS.build(cfg).double().train()
    model.data_preprocessor = AsItIs()
    return model


def train(rank: int, world_size: int, folder: str, kind: str) -> None:
    """Write the losses of each step, means over the processes."""
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meeting_{world_size}',
        rank=rank,
        world_size=world_size)
    # Only the first process knows the weights.
    torch.manual_seed(rank)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = build(kind)
        if kind == 'viteraser':
            wrapped = SameStartWrapper(model)
            optimizer = build_optim_wrapper(model, TWO)
        else:
            wrapped = MMDistributedDataParallel(model, device_ids=None)
            optimizer = OptimWrapper(
                torch.optim.SGD(wrapped.parameters(), lr=0.003))
    curve = []
    for step in range(STEPS):
        inputs, samples = batch(step)
        n = len(samples) // world_size
        part = slice(rank * n, rank * n + n)
        log = wrapped.train_step(
            dict(inputs=inputs[part], data_samples=samples[part]), optimizer)
        means = torch.stack([log[key] for key in sorted(log)]).double()
        dist.all_reduce(means)
        curve += (means / world_size).tolist()
    if rank == 0:
        Path(folder, f'curve_{world_size}').write_text(repr(curve))
        torch.save(model.state_dict(), Path(folder, f'{world_size}.pth'))
    dist.barrier()
    dist.destroy_process_group()
    # Without destructors: that of the reducer holds Python's lock while it
    # waits for a thread that may want the same lock.
    os._exit(0)


@pytest.mark.parametrize('kind', ['segmim', 'viteraser'])
def test_same_training(tmp_path: Path, kind: str) -> None:
    curves, states = {}, {}
    for world_size in 1, 2:
        mp.spawn(train, (world_size, str(tmp_path), kind), nprocs=world_size)
        text = (tmp_path / f'curve_{world_size}').read_text()
        curves[world_size] = [float(x) for x in text.strip('[]').split(',')]
        states[world_size] = torch.load(tmp_path / f'{world_size}.pth')
    assert len(curves[1]) == STEPS * (3 if kind == 'segmim' else 7)
    # The constant 1e-5 in the loss of masked pixels counts once a process.
    assert curves[2] == pytest.approx(curves[1], rel=1e-6)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        start = build(kind).state_dict()
    for name, value in states[1].items():
        moved = (value - start[name]).abs().max()
        assert torch.allclose(
            states[2][name], value, rtol=1e-6, atol=1e-4 * moved.item()), name
