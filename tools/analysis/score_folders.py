"""Score pictures that any program wrote, by the metrics of `mim test`.

Ground truths and metrics are those of the test in CONFIG; the predictions of
each task named lie in a folder, one picture per image, with the image's name
and its size: pictures without text, strokes in white, or tampered and real
text in the colors of the configuration.

    python tools/analysis/score_folders.py CONFIG text_removal=results/erasenet
"""
from __future__ import annotations
import argparse
import json
import os
from pathlib import Path
from typing import Iterable

from mmcv.transforms import to_tensor
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmengine.utils import track_iter_progress
from mmseg.registry import DATASETS, EVALUATOR, MODELS, TASK_UTILS

import upocr_mm  # noqa: F401  (registers data sets, codecs and metrics)
from upocr_mm.datasets.base_paired_dataset import IMAGE_SUFFIXES
from upocr_mm.evaluation.reports import (format_console, format_report,
                                         write_image_scores)
from upocr_mm.utils import (ConfigOptions, UsageError, one_sentence,
                            read_config, read_image, refuse_file, write_whole)


def index_predictions(folder: Path, stems: list[str]) -> dict[str, Path]:
    """Find the prediction of each image.

    Args:
        folder: Folder of the predictions.
        stems: Names of the images without their endings.

    Raises:
        ValueError: The folder does not exist, an image has no prediction or
            several, or a prediction has no image.
    """
    if not folder.is_dir():
        raise ValueError(f'the folder of predictions {folder} does not exist')
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if path.stem in files:
            raise ValueError(f'two predictions of one image: {path} and '
                             f'{files[path.stem]}')
        files[path.stem] = path
    for names, what in ((set(stems) - set(files), 'images of the data set '
                         'without a prediction'), (set(files) - set(stems),
                                                   'predictions without an '
                                                   'image in the data set')):
        if names:
            listed = ', '.join(sorted(names)[:5])
            raise ValueError(f'{len(names)} {what} in {folder}: {listed}' +
                             (', ...' if len(names) > 5 else ''))
    return files


def check_sizes(pairs: dict[Path, Path]) -> None:
    """Check that predictions can be read and have the size of their image.

    Args:
        pairs: Images and their predictions.

    Raises:
        ValueError: With all that is wrong.
    """
    problems, dark = [], 0
    for path, file in pairs.items():
        image = read_image(path)
        try:
            picture = read_image(file)
        except ValueError as error:
            problems.append(str(error))
            continue
        dark += int(picture.max() <= 2)
        if picture.shape != image.shape:
            problems.append(
                f'the prediction {file} has the size {picture.shape[1]}x'
                f'{picture.shape[0]}, but its image {path} has '
                f'{image.shape[1]}x{image.shape[0]}')
    if problems:
        raise ValueError('\n'.join(problems[:10]) +
                         (f'\n... and {len(problems) - 10} more' *
                          (len(problems) > 10)))
    if dark == len(pairs):
        raise ValueError(
            f'no prediction has a value above 2, for instance {file}: they '
            'must be pictures (white is 255), not maps of class numbers')


def score(cfg: Config, folders: dict[str, Path]) -> tuple[dict, dict]:
    """Score the predictions of some tasks.

    Args:
        cfg: Configuration with ``test_dataloader``, ``test_evaluator`` and the
            codecs of the tasks.
        folders: Folder of the predictions of each task.

    Returns:
        Scores by name, and for each task those of the images.

    Raises:
        ValueError: The configuration lacks a task, files do not belong
            together, or a prediction has another size than its image.
    """
    dataset_cfg = cfg.test_dataloader.dataset
    metrics = cfg.test_evaluator.metrics
    for task in folders:
        if not (dataset_cfg.get('datasets', {}).get(task)
                and metrics.get(task)):
            known = sorted(key for key in metrics if metrics[key])
            raise ValueError(f'the configuration tests {known}, not {task!r}')
    for name in metrics:
        if name not in folders:
            metrics[name] = dataset_cfg.datasets[name] = None
    # At the original size, where the predictions are.
    dataset_cfg.pipeline = [
        dict(type='LoadImageFromFile', color_type='color_ignore_orientation'),
        dict(type='LoadTargets'),
        dict(type='PackImageToImageInputs')
    ]
    dataset = DATASETS.build(dataset_cfg)
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    codecs = {task: TASK_UTILS.build(cfg.model.codecs[task])
              for task in folders}  # yapf: disable
    evaluator = EVALUATOR.build(cfg.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    paths = [Path(dataset.get_data_info(i)['img_path'])
             for i in range(len(dataset))]  # yapf: disable
    files = {
        task:
        index_predictions(folders[task],
                          [path.stem for path in paths[start:stop]])
        for task, (start, stop) in dataset.task_ranges.items()
    }
    check_sizes({path: files[task][path.stem]
                 for task, (start, stop) in dataset.task_ranges.items()
                 for path in paths[start:stop]})  # yapf: disable
    for i in track_iter_progress(list(range(len(dataset)))):
        packed = dataset[i]
        sample = packed['data_samples']
        file = files[sample.task][paths[i].stem]
        picture = read_image(file)
        picture = to_tensor(picture.transpose(2, 0, 1).copy())
        batch = preprocessor(dict(inputs=[picture], data_samples=[sample]))
        image, = batch['inputs']
        sample, = batch['data_samples']
        sample.pred_image = PixelData(data=image)
        classes = codecs[sample.task].decode(image)
        if classes is not None:
            sample.pred_sem_seg = PixelData(data=classes)
        evaluator.process([sample])
    return evaluator.evaluate(len(dataset)), evaluator.image_scores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'config',
        metavar='CONFIG',
        help='configuration with the test data, the metrics and the colors')
    parser.add_argument(
        'folders',
        nargs='+',
        metavar='TASK=FOLDER',
        help='predictions of a task; other tasks are left out')
    parser.add_argument(
        '--out-dir',
        type=Path,
        help='also write scores.json (for score_table.py), report.md and '
        'images_<task>.csv there')
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace these files if they are there')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='changes of the configuration')
    args = parser.parse_args()
    folders = {}
    for entry in args.folders:
        task, _, folder = entry.partition('=')
        if not folder:
            parser.error(f'{entry!r} is not of the form TASK=FOLDER')
        folders[task] = Path(folder)
    init_default_scope('mmseg')
    with one_sentence():
        if args.out_dir:
            refuse_file(args.out_dir, '--out-dir')
            if not args.overwrite:
                refuse_reports(args.out_dir, folders)
        cfg = read_config(args.config, args.cfg_options, True)
        lacking = [
            key for key in ('model', 'test_dataloader', 'test_evaluator')
            if not cfg.get(key)
        ]
        if lacking:
            raise UsageError(f'the config {args.config} has no '
                             f'{", ".join(lacking)}')
        scores, images = score(cfg, folders)
        print()
        print(format_console(scores))
        if args.out_dir:
            write(scores, images, folders, args.out_dir)
            print(f'Scores: {args.out_dir}/scores.json, report.md, '
                  'images_*.csv')


def refuse_reports(out_dir: Path, tasks: Iterable[str]) -> None:
    """Refuse to replace reports, whoever made them."""
    for name in ('scores.json', 'report.md', *(f'images_{task}.csv'
                                               for task in tasks)):
        if os.path.lexists(out_dir / name):
            raise UsageError(f'{out_dir / name} is there already; name '
                             'another --out-dir or add --overwrite')


def write(scores: dict, images: dict, folders: dict[str, Path],
          out_dir: Path) -> None:
    """Write scores, report and the scores of the images."""
    title = ', '.join(str(folder) for folder in folders.values())
    write_whole(json.dumps(scores, indent=2).encode(), out_dir / 'scores.json')
    write_whole(format_report(scores, title).encode(), out_dir / 'report.md')
    for task, rows in images.items():
        write_image_scores(rows, out_dir / f'images_{task}.csv')


if __name__ == '__main__':
    main()
