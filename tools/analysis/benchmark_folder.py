"""Time of a folder of pictures against the model alone.

Pictures are read, all results are interpreted and written while the model
computes the next one; as in the command ``upocr``, OpenVINO computes two
pictures at the same time. The last column is the time of the folder relative
to the same number of bare passes of the model, one at a time, which run half
before and half after it.

    python tools/analysis/benchmark_folder.py CONFIG [WEIGHTS] --pictures 64
"""
from __future__ import annotations
import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from upocr_mm.apis import UPOCRInferencer, save_prediction
from upocr_mm.apis.folder_run import STREAMS, FolderRun
from upocr_mm.apis.sources import find_sources
from upocr_mm.synthesis import SampleRenderer
from upocr_mm.utils import one_sentence


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument(
        'weights', nargs='?', help='random ones by default (noisy masks)')
    parser.add_argument('--pictures', type=int, default=64)
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--backend', default='openvino')
    args = parser.parse_args()
    if min(args.pictures // 2, args.rounds) < 1:
        parser.error('--pictures must be at least 2, --rounds at least 1')
    return args


def random_weights(config: str, folder: Path) -> str:
    """Weights of the initialization, as a file."""
    import torch

    from upocr_mm.deploy import load_model

    # Their exported network is of no use to anybody else.
    os.environ['UPOCR_CACHE'] = str(folder / 'cache')
    torch.manual_seed(0)
    model = load_model(config, None)
    file = folder / 'random.pth'
    torch.save(
        dict(state_dict=model.state_dict(), meta=dict(upocr=model.task_meta)),
        file)
    return str(file)


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        weights = args.weights or random_weights(args.config, folder)
        one, inferencer = (
            UPOCRInferencer(
                args.config,
                weights,
                size=args.size,
                backend=args.backend,
                show_progress=False,
                num_streams=streams) for streams in (1, STREAMS))
        renderer = SampleRenderer(size=(args.size, args.size))
        (folder / 'pictures').mkdir()
        for i in range(args.pictures):
            sample = renderer.render('text_removal', 'test', i % 8)
            (folder / f'pictures/{i}.jpg').write_bytes(sample.image)
        sources = list(find_sources(folder / 'pictures'))
        inputs = np.random.default_rng(0).random((1, 3, args.size, args.size),
                                                 np.float32)

        def bare(count: int) -> float:
            start = time.perf_counter()
            for _ in range(count):
                one.predictor(inputs, list(one.tasks))
            return time.perf_counter() - start

        bare(1)
        print(f'{inferencer.predictor.name}, {args.pictures} pictures of '
              f'{args.size}x{args.size}\nbare [s]  folder [s]  ratio')
        for i in range(args.rounds):
            out = folder / f'results{i}'
            alone = bare(args.pictures // 2)
            start = time.perf_counter()
            FolderRun(
                inferencer,
                lambda p, s: save_prediction(p, out, s.relative),
                None,
                1,
                dict(tasks='all'),
                args.size**2,
                show_progress=False)(
                    sources)
            together = time.perf_counter() - start
            alone += bare(args.pictures - args.pictures // 2)
            print(f'{alone:8.2f}  {together:10.2f}  {together / alone:5.3f}')


if __name__ == '__main__':
    with one_sentence():
        main()
