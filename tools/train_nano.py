"""From nothing to a nano model: photographs, fonts, training, a file.

    python tools/train_nano.py work_dirs/nano

fetches photographs and fonts with free licenses (Debian packages, 1.5 GB),
makes held-out samples, trains with ``mim train`` on easy samples, on all kinds
of 128 x 128, then of 256 x 256, then with more signs and forgeries, then with
larger letters, and writes the mean of the last two weights as safetensors.
What is done already is skipped: after an interrupt the same command goes on
where it stopped.
"""
from __future__ import annotations
import argparse
import os
import subprocess
import sys
from pathlib import Path

from upocr_mm.utils import one_sentence, refuse_file, write_whole

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / 'configs/upocr'
# Each starts from the weights of the one before.
STAGES = ('upocr_swinv2-n_1xb6-1k_easy-stage-128x128',
          'upocr_swinv2-n_1xb6-10k_first-stage-128x128',
          'upocr_swinv2-n_1xb3-11k_second-stage-256x256',
          'upocr_swinv2-n_1xb3-5k_third-stage-256x256',
          'upocr_swinv2-n_1xb4-8k_fourth-stage-256x256')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='folder of everything')
    parser.add_argument(
        '--num-test',
        type=int,
        default=64,
        help='held-out samples of each task (default: %(default)s)')
    parser.add_argument(
        '--assets',
        type=Path,
        metavar='DIR',
        help='folder with backgrounds/ and fonts/ of tools/synthesis_assets '
        '(default: they are fetched into the work dir)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='changes of all configs')
    return parser.parse_args()


def run(*words: str | Path) -> None:
    """Run a command; end with its code if it fails."""
    print('$ python', *words, flush=True)
    code = subprocess.call([sys.executable, *map(str, words)])
    if code:
        sys.exit(code)


def fetch(assets: Path) -> None:
    """Photographs and fonts, unless they are there."""
    for name, table in (('backgrounds', 'sources.csv'), ('fonts',
                                                         'fonts.csv')):
        if not (assets / name / table).is_file():
            run(ROOT / f'tools/synthesis_assets/fetch_{name}.py',
                assets / name)


def train(name: str, folder: Path, options: list[str]) -> Path:
    """Train a stage, from where it stopped; its last checkpoint."""
    last, finished = folder / 'last_checkpoint', folder / 'finished'
    wanted = '\n'.join([name, *options])
    if not finished.is_file() or finished.read_text() != wanted:
        given = ['--resume'] if last.is_file() else []
        if options:
            given += ['--cfg-options', *options]
        run('-m', 'mim', 'train', 'mmsegmentation', CONFIGS / f'{name}.py',
            '--work-dir', folder, *given)
        write_whole(wanted.encode(), finished)
    return Path(last.read_text().strip())


def main() -> None:
    args = parse_args()
    refuse_file(args.work_dir)
    work_dir = args.work_dir.resolve()
    data, assets = work_dir / 'data', args.assets
    if assets is None:
        assets = work_dir / 'assets'
        fetch(assets)
    if not (data / 'TamperedTextDetection').is_dir():
        run(ROOT / 'tools/synthesize_dataset.py', data, '--num-train', 1,
            '--num-test', args.num_test,
            '--size', 256, 256, '--seed', 1, '--workers',
            min(os.cpu_count() or 1, 4), '--overwrite', '--backgrounds',
            assets / 'backgrounds', '--fonts', assets / 'fonts')
    os.environ.update(UPOCR_DATA=str(data), UPOCR_ASSETS=str(assets.resolve()))
    options, ends = args.cfg_options, []
    for i, name in enumerate(STAGES):
        ends.append(train(name, work_dir / f'train_{i + 1}', options))
        options = [*args.cfg_options, f'load_from={ends[-1]}']
    # Better on photographs than either of them (docs/nano_model.md).
    run(ROOT / 'tools/model_converters/publish_model.py', *reversed(ends[-2:]),
        work_dir / STAGES[-1])


if __name__ == '__main__':
    with one_sentence():
        main()
