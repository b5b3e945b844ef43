"""Score a checkpoint on degraded inputs: JPEG, resizing, blur and noise.

Prints a table of one row for each degradation, and writes it with the curves:
scores.json, table.md and curves.png. Targets stay as they are.

    python tools/analysis/robustness.py CONFIG CHECKPOINT --work-dir work_dirs/robustness
"""  # noqa: E501
from __future__ import annotations
import argparse
import copy
import io
import json
from pathlib import Path

import matplotlib
from mmengine.config import Config
from mmengine.runner import Runner
from score_table import METRICS, format_table

from upocr_mm.checkpoint import check_file
from upocr_mm.engine.config_check import check_config
from upocr_mm.utils import (ConfigOptions, UsageError, one_sentence,
                            read_config, refuse_file, write_whole)

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

# Amounts of each kind of DegradeImage, from the mildest on.
AMOUNTS = dict(
    jpeg=(100, 90, 80, 70, 60, 50),
    resize=(0.75, 0.5, 0.25),
    blur=(0.5, 1, 2, 3),
    noise=(5, 10, 20, 40))
AXES = dict(
    jpeg='JPEG quality',
    resize='resized to (factor)',
    blur='sigma of the blur (pixels)',
    noise='deviation of the noise (gray levels)')
CLEAN = 'clean'


def degraded(cfg: Config, kind: str, amount: float) -> Config:
    """A configuration whose test degrades its inputs.

    Raises:
        ValueError: The test does not load its images by LoadImageFromFile.
    """
    cfg = copy.deepcopy(cfg)
    pipeline = list(cfg.test_dataloader.dataset.pipeline)
    types = [step['type'] for step in pipeline]
    if 'LoadImageFromFile' not in types:
        raise ValueError(
            'test_dataloader.dataset.pipeline has no '
            f'LoadImageFromFile, behind which to degrade: {types}')
    step = dict(type='DegradeImage', kind=kind, amount=amount)
    pipeline.insert(types.index('LoadImageFromFile') + 1, step)
    cfg.test_dataloader.dataset.pipeline = pipeline
    return cfg


def test(cfg: Config, name: str) -> dict[str, float]:
    """Scores of one test, whose files go to a folder of its name."""
    cfg.work_dir = str(Path(cfg.work_dir, name))
    # mmengine keeps loggers by this name.
    cfg.experiment_name = f'robustness_{name}'
    return Runner.from_cfg(cfg).test()


def draw_curves(scores: dict[str, dict[str, float]], kinds: list[str],
                metrics: list[str], filename: Path) -> None:
    """Draw one row of curves per metric; the clean score is dashed."""
    figure, axes = plt.subplots(
        len(metrics),
        len(kinds),
        figsize=(3.2 * len(kinds), 2.4 * len(metrics)),
        sharey='row',
        squeeze=False)
    for row, metric in zip(axes, metrics):
        for axis, kind in zip(row, kinds):
            axis.axhline(
                scores[CLEAN][metric], color='gray', linestyle='--', lw=1)
            axis.plot(
                AMOUNTS[kind], [
                    scores[f'{kind}-{amount}'][metric]
                    for amount in AMOUNTS[kind]
                ],
                marker='o')
            axis.grid(alpha=.3)
            axis.set_xticks(AMOUNTS[kind], [f'{x:g}' for x in AMOUNTS[kind]])
            if kind in ('jpeg', 'resize'):
                axis.invert_xaxis()  # the mildest on the left
            if metric == metrics[-1]:
                axis.set_xlabel(AXES[kind])
            axis.set_title('dashed: clean', fontsize=7, loc='right')
        row[0].set_ylabel(metric.replace('/', '\n'), fontsize=8)
    figure.tight_layout()
    picture = io.BytesIO()
    figure.savefig(picture, dpi=120, format='png')
    write_whole(picture.getbuffer(), filename)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CHECKPOINT')
    parser.add_argument('--work-dir', type=Path, required=True)
    parser.add_argument(
        '--kinds', nargs='+', choices=list(AMOUNTS), default=list(AMOUNTS))
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=METRICS,
        help='columns and curves, as far as the test has them (default: '
        f'{" ".join(METRICS)})')
    parser.add_argument(
        '--cfg-options', nargs='+', action=ConfigOptions, metavar='KEY=VALUE')
    args = parser.parse_args()
    with one_sentence():
        check_file(args.checkpoint)
        refuse_file(args.work_dir, '--work-dir')
        run(args)


def run(args: argparse.Namespace) -> None:
    """Test all cases; write and print the scores.

    Raises:
        ValueError: The config does not fit, or has no such scores.
    """
    cfg = read_config(args.config, args.cfg_options, True)
    check_config(cfg)
    if not cfg.get('test_dataloader'):
        raise UsageError(f'the config {args.config} has no test_dataloader')
    cfg.load_from = args.checkpoint
    cfg.work_dir = str(args.work_dir)
    cases = {CLEAN: copy.deepcopy(cfg)}
    for kind in args.kinds:
        for amount in AMOUNTS[kind]:
            cases[f'{kind}-{amount}'] = degraded(cfg, kind, amount)
    scores: dict[str, dict[str, float]] = {}
    args.work_dir.mkdir(parents=True, exist_ok=True)
    for name, case in cases.items():
        scores[name] = test(case, name)
        # After each case, so that an interrupt loses none.
        write_whole(
            json.dumps(scores, indent=2).encode(),
            args.work_dir / 'scores.json')
        metrics = [key for key in args.metrics if key in scores[CLEAN]]
        unknown = sorted(set(args.metrics) - {*metrics, *METRICS})
        if unknown or not metrics:
            raise UsageError(f'the test does not have the scores '
                             f'{unknown or list(args.metrics)}, but '
                             f'{sorted(scores[CLEAN])}')
    table = format_table(scores, metrics)
    write_whole(f'{table}\n'.encode(), args.work_dir / 'table.md')
    draw_curves(scores, args.kinds, metrics, args.work_dir / 'curves.png')
    print(f'\n{table}\n\nCurves: {args.work_dir / "curves.png"}')


if __name__ == '__main__':
    main()
