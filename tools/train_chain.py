"""The whole way to UPOCR in small: SegMIM, ViTEraser, UPOCR; synthetic data.

    python tools/train_chain.py work_dirs/chain

trains the nano size with ``mim train``: SegMIM's two stages, ViTEraser and
UPOCR, each from the checkpoint of the one before, and then UPOCR from random
weights with as many steps. It prints how the losses fell and the scores of
both. What is done already is skipped: after an interrupt the same command
goes on where it stopped.
"""
from __future__ import annotations
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

from upocr_mm.utils import one_sentence, refuse_file

ROOT = Path(__file__).resolve().parent.parent
UPOCR = 'upocr/upocr_swinv2-n_1xb6-3k_on-the-fly-128x128.py'
# As the samples of the other stages.
PRESETS = 'simple'
# That of UPOCR's configuration is for random weights; trained ones diverge.
UPOCR_LR = 3e-4
# Name, configuration and the stage before it.
STAGES = (
    ('segmim', 'segmim/segmim_swinv2-n_1xb8-1k_synthetic-128x128.py', None),
    ('segmim-encoder',
     'segmim/segmim-encoder_swinv2-n_1xb8-400_synthetic-128x128.py', 'segmim'),
    ('viteraser', 'viteraser/viteraser_swinv2-n_1xb6-800_synthetic-128x128.py',
     'segmim-encoder'),
    ('upocr', UPOCR, 'viteraser'),
    ('upocr-scratch', UPOCR, None),
)  # yapf: disable
SCORES = ('text_removal/PSNR', 'text_segmentation/fgIoU',
          'tampered_text_detection/mIoU')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='folder of everything')
    parser.add_argument(
        '--steps',
        type=int,
        nargs=4,
        default=(1000, 400, 800, 800),
        metavar=('SEGMIM', 'ENCODER', 'VITERASER', 'UPOCR'),
        help='steps of the stages (default: %(default)s)')
    parser.add_argument(
        '--num-test',
        type=int,
        default=24,
        help='held-out samples of each task (default: %(default)s)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='changes of all configs')
    args = parser.parse_args()
    if min(*args.steps, args.num_test) < 1:
        parser.error('--steps and --num-test must be at least 1')
    return args


def with_steps(config: Path, steps: int) -> Config:
    """A configuration whose training is of another length."""
    cfg = Config.fromfile(config, import_custom_modules=False)
    factor = steps / cfg.train_cfg.max_iters
    cfg.train_cfg.max_iters = steps
    if 'val_interval' in cfg.train_cfg:
        cfg.train_cfg.val_interval = steps
    cfg.default_hooks.checkpoint.interval = steps
    # The log has means of ten steps.
    cfg.default_hooks.logger.interval = min(10, steps)
    for schedule in cfg.param_scheduler:
        if schedule.type == 'PeriodicLinearLR':
            warmup = schedule.warmup_periods * schedule.period * factor
            schedule.update(period=1, end=steps, warmup_periods=int(warmup))
            continue
        for key in 'begin', 'end':
            if key in schedule:
                least = int(key == 'end')
                schedule[key] = max(least, round(schedule[key] * factor))
        if 'milestones' in schedule:
            schedule.milestones = [
                round(step * factor) for step in schedule.milestones
            ]
    return cfg


def run(*words: str | Path) -> None:
    """Run a command; end with its code if it fails."""
    print('$ python', *words, flush=True)
    code = subprocess.call([sys.executable, *map(str, words)])
    if code:
        sys.exit(code)


def read_rows(folder: Path) -> list[dict]:
    """What the trainings of a folder logged."""
    return [
        json.loads(line)
        for file in sorted(folder.glob('*/vis_data/scalars.json'))
        for line in file.read_text().splitlines()
    ]


def describe_losses(name: str, rows: list[dict]) -> None:
    """Print the means of each loss in the first and in the last tenth."""
    rows = [row for row in rows if 'loss' in row]
    tenth = max(1, len(rows) // 10)
    for key in sorted(rows[-1]):
        if 'loss' in key.rpartition('/')[2]:
            first, last = (
                sum(row[key] for row in part) / tenth
                for part in (rows[:tenth], rows[-tenth:]))
            print(f'  {name:15} {key:42} {first:9.4f} -> {last:9.4f}')


def main() -> None:
    args = parse_args()
    refuse_file(args.work_dir)
    work_dir = args.work_dir.resolve()
    data = work_dir / 'data'
    if not (data / 'TamperedTextDetection').is_dir():
        run(ROOT / 'tools/synthesize_dataset.py', data, '--num-train', 1,
            '--num-test', args.num_test, '--size', 128, 128, '--seed', 1,
            '--presets', PRESETS, '--overwrite')
    os.environ['UPOCR_DATA'] = str(data)
    steps = dict(zip(('segmim', 'segmim-encoder', 'viteraser', 'upocr'),
                     args.steps))  # yapf: disable
    rows = {}
    for name, config, before in STAGES:
        length = steps[name.removesuffix('-scratch')]
        folder = work_dir / name
        print(f'Stage {name}, from {before or "random weights"}', flush=True)
        if not (folder / f'iter_{length}.pth').is_file():
            cfg = with_steps(ROOT / 'configs' / config, length)
            if config == UPOCR:
                cfg.optim_wrapper.optimizer.lr = UPOCR_LR
                for source in cfg.train_dataloader.dataset.datasets.values():
                    source.presets = PRESETS
            cfg.load_from = before and str(
                work_dir / before / f'iter_{steps[before]}.pth')
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / 'config.py'
            cfg.dump(file)
            options = ['--cfg-options', *args.cfg_options
                       ] if args.cfg_options else []
            run('-m', 'mim', 'train', 'mmsegmentation', file, '--work-dir',
                folder, '--resume', *options)
        rows[name] = read_rows(folder)
    print('Losses, means of the first and of the last tenth of the steps:')
    for name, found in rows.items():
        describe_losses(name, found)
    print(f'Scores of UPOCR after {steps["upocr"]} steps of its own:')
    for name in 'upocr', 'upocr-scratch':
        last = [row for row in rows[name] if SCORES[0] in row][-1]
        start = 'ViTEraser' if name == 'upocr' else 'random weights'
        print(f'  from {start:15}' + ', '.join(f'{score} {last[score]:.2f}'
                                               for score in SCORES))


if __name__ == '__main__':
    with one_sentence():
        main()
