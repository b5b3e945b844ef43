"""Print parameters and FLOPs of configurations.

A FLOP is a multiplication or an addition (two for each multiply-add), of
matrix products, convolutions and attention, for one image and one task.

    python tools/analysis/complexity.py configs/upocr/upocr_swinv2-s_2xb*.py
"""
from __future__ import annotations
import argparse
from pathlib import Path
from typing import Callable, NamedTuple

import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch.utils.flop_counter import FlopCounterMode

import upocr_mm  # noqa: F401  (registers the model)
from upocr_mm.utils import UsageError, one_sentence, read_config


class Complexity(NamedTuple):
    """Attributes: numbers of parameters, and FLOPs of one image."""
    parameters: int
    encoder: int
    decoder: int
    prompts: int
    flops: int
    encoder_flops: int


def measure(config: Path, size: tuple[int, int]) -> Complexity:
    """Measure the model of a configuration.

    Args:
        config: Configuration of a UPOCR or a model of MMSegmentation.
        size: Height and width of the image.
    """
    cfg = read_config(config)
    if not cfg.get('model'):
        raise UsageError(f'the config {config} has no model')
    init_default_scope('mmseg')
    if cfg.model.type == 'UPOCR':
        cfg.model.losses = None
    model = MODELS.build(cfg.model)
    # The counter knows attention only by the products that it is made of.
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    image = torch.rand(1, 3, *size)
    task = getattr(model, 'tasks', [None])[0]
    sample = SegDataSample(metainfo=dict(task=task))
    return Complexity(
        _count(model), _count(model.backbone), _count(model.decode_head),
        _count(getattr(model, 'task_prompt', None)),
        _flops(model, lambda: model(image, [sample], mode='tensor')),
        _flops(model, lambda: model.backbone(image)))


def _flops(model: torch.nn.Module, compute: Callable) -> int:
    model.eval()  # forgets the cached position bias
    # With gradients: without, torch.nn.MultiheadAttention takes a kernel that
    # the counter does not know.
    with FlopCounterMode(display=False) as counter, torch.enable_grad():
        compute()
    return counter.get_total_flops()


def _count(module: torch.nn.Module | None) -> int:
    return sum(p.numel() for p in module.parameters()) if module else 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', type=Path, metavar='CONFIG')
    parser.add_argument(
        '--size',
        nargs=2,
        type=int,
        metavar=('H', 'W'),
        default=(512, 512),
        help='height and width of the image (default: 512 512)')
    args = parser.parse_args()
    if min(args.size) < 32:
        parser.error(f'--size must be at least 32, but got {args.size}')
    with one_sentence():
        print_table(args)


def print_table(args: argparse.Namespace) -> None:
    """Print a row for each configuration."""
    print(f'image of {args.size[0]}x{args.size[1]}; parameters in millions, '
          'FLOPs in 10^9')
    print(f'{"config":60} {"params":>8} {"encoder":>8} {"decoder":>8} '
          f'{"prompts":>8} {"FLOPs":>8} {"encoder":>8} {"rest":>8}')
    for config in args.configs:
        c = measure(config, tuple(args.size))
        numbers = (c.parameters, c.encoder, c.decoder)
        flops = (c.flops, c.encoder_flops, c.flops - c.encoder_flops)
        print(f'{config.stem:60}', *(f'{n / 1e6:8.2f}' for n in numbers),
              f'{c.prompts:8d}', *(f'{n / 1e9:8.1f}' for n in flops))


if __name__ == '__main__':
    main()
