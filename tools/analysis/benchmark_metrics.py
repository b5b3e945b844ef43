"""Measure how fast, and in how much memory, predictions are scored.

Draws pairs of pictures, as many and as large as a test set of the task, and
gives them to its metric one by one, as `mim test` does. Prints images per
second (drawing not counted) and the peak memory of the process so far, a fresh
one for each metric.

    python tools/analysis/benchmark_metrics.py --images 813
"""
from __future__ import annotations
import argparse
import multiprocessing
import resource
import sys
import time

import numpy as np
import torch
from mmseg.registry import METRICS

import upocr_mm  # noqa: F401  (registers the metrics)
from upocr_mm.utils import one_sentence

CASES = {
    'text_removal, official': dict(type='TextRemovalMetric'),
    'text_removal, strict': dict(type='TextRemovalMetric', mode='strict'),
    'text_segmentation': dict(type='TextSegmentationMetric'),
    'tampered_text_detection': dict(type='TamperedTextDetectionMetric'),
}


def draw_sample(index: int, size: int) -> dict:
    """A pair of each kind; smooth pictures with noise, blocks of classes."""
    rng = np.random.default_rng(index)
    coarse = torch.from_numpy(rng.integers(0, 256, (1, 3, 8, 8)) / 255.)
    gt = torch.nn.functional.interpolate(
        coarse, size=(size, size), mode='bicubic').clamp(0, 1)[0].float()
    gt = (gt * 255).round() / 255
    noise = torch.from_numpy(rng.standard_normal(gt.shape, dtype=np.float32))
    label = torch.from_numpy(rng.integers(0, 2, (1, size // 16, size // 16)))
    label = label.repeat_interleave(16, 1).repeat_interleave(16, 2)
    mask = label.to(torch.uint8)
    return dict(
        sample_idx=index,
        img_path=f'{index}.jpg',
        pred_image=dict(data=(gt + .05 * noise).clamp(0, 1)),
        gt_image=dict(data=gt),
        gt_text_mask=dict(data=mask),
        pred_sem_seg=dict(data=label.roll(1, -1)),
        gt_sem_seg=dict(data=label))


def peak_memory() -> float:
    """Peak memory of the process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != 'darwin' else 1024**2)


def run_case(name: str, images: int, size: int) -> str:
    """Measure one metric; the row to print."""
    metric = METRICS.build(CASES[name])
    seconds, early = 0., 0.
    for index in range(images):
        sample = draw_sample(index, size)
        start = time.perf_counter()
        metric.process(None, [sample])
        seconds += time.perf_counter() - start
        if index == images // 10:
            early = peak_memory()
    start = time.perf_counter()
    metric.evaluate(images)
    seconds += time.perf_counter() - start
    return (f'{name:28} {images / seconds:9.1f} {early:14.0f} MiB '
            f'{peak_memory():7.0f} MiB')


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--images', type=int, default=813, help='(default: 813)')
    parser.add_argument(
        '--size', type=int, default=512, help='side (default: 512)')
    args = parser.parse_args()
    if args.images < 20 or args.size < 16 or args.size % 16:
        parser.error('at least 20 images, and a size that is a multiple of 16')
    print(f'{args.images} images of {args.size}x{args.size}; threads: '
          f'{torch.get_num_threads()}')
    print(f'{"metric":28} {"images/s":>9} {"memory after 10 %":>18} '
          f'{"at the end":>11}')
    # One process each: memory that one metric leaves behind is not the next's.
    context = multiprocessing.get_context('spawn')
    for name in CASES:
        with context.Pool(1) as pool:
            print(pool.apply(run_case, (name, args.images, args.size)))


if __name__ == '__main__':
    with one_sentence():
        main()
