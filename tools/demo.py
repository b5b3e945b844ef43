"""The weights of the package on pictures, and their fine-tuning on new ones.

1. The nano model that comes with the package removes, segments and checks the
   text of a few photographs (docs/photos) and of synthetic pictures.
2. Two minutes of fine-tuning on pictures of a style that it has not seen, with
   `mim train`, stopped in the middle and resumed; `mim test` before and after.

The table compares it with answers that need no learning: the input as it is,
everything text, everything real; and OpenCV's inpainting inside the true text,
Otsu's threshold with the better polarity of each picture, every true text
called real.
"""
from __future__ import annotations
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, EVALUATOR, MODELS

from upocr_mm.apis import UPOCRInferencer
from upocr_mm.evaluation.functional import all_real, inpaint_text, otsu_text
from upocr_mm.synthesis import synthesize_dataset
from upocr_mm.utils import one_sentence, refuse_file

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / 'configs/examples/upocr_swinv2-n_1xb6-150_finetune-256x256.py'
WEIGHTS = 'upocr://upocr_swinv2-n'
SIZE = (256, 256)
# Pages photographed in little light, which the training of the weights does
# not hold.
NIGHT = dict(
    presets='document',
    camera=dict(
        noise=0.12, gamma=1.5, white_balance=0.6, blur=1.2, quality=(40, 80)))
# The rows of the table: metric, what it is.
ROWS = (('text_removal/PSNR_text', 'removal: PSNR inside the text, dB'),
        ('text_removal/PSNR', 'removal: PSNR of the whole image, dB'),
        ('text_segmentation/fgIoU', 'segmentation: foreground IoU, %'),
        ('tampered_text_detection/IoU_real', 'tampering: IoU of real text, %'),
        ('tampered_text_detection/IoU_tampered',
         'tampering: IoU of tampered text, %'),
        ('tampered_text_detection/mIoU', 'tampering: mean of both, %'))


def mim(command: str,
        *arguments: str | Path,
        log: Path,
        stop_at: str | None = None) -> None:
    """Run ``mim train`` or ``mim test`` as a user would; show its progress.

    Args:
        command: ``'train'`` or ``'test'``.
        *arguments: Of the command.
        log: File for what it prints.
        stop_at: Stop it (SIGTERM) once it prints this.
    """
    words = [
        sys.executable, '-m', 'mim', command, 'mmsegmentation',
        *map(str, arguments)
    ]
    print('$', *words[2:], flush=True)
    stopped = False
    with open(log, 'w') as file:
        # A group of its own: what mim starts is stopped with it.
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True)
        try:
            for line in process.stdout:
                file.write(line)
                if 'Iter(train)' in line:
                    # without the date and the name of the logger
                    print('  ' + line.split('INFO - ')[-1][:100].rstrip())
                if stop_at and stop_at in line and not stopped:
                    stopped = True
                    os.killpg(process.pid, signal.SIGTERM)
            code = process.wait()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
    if code and not stopped:
        sys.exit(f'`mim {command}` failed:\n' +
                 ''.join(log.read_text().splitlines(True)[-25:]) +
                 f'\nThe whole log: {log}')


def newest(folder: Path, pattern: str) -> Path:
    """The file that was written last."""
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime)


def model_scores(checkpoint: str | Path, data: Path,
                 work_dir: Path) -> dict[str, float]:
    """Scores of a checkpoint by ``mim test``."""
    os.environ['UPOCR_DATA'] = data.as_posix()
    work_dir.mkdir()
    mim('test',
        CONFIG,
        '--checkpoint',
        checkpoint,
        '--work-dir',
        work_dir,
        log=work_dir / 'mim_test.log')
    return json.loads(newest(work_dir, '*/*.json').read_text())


def answer_scores(data: Path, simple: bool) -> dict[str, float]:
    """Scores of answers without learning, by the same metrics.

    Args:
        data: Folder of the data sets.
        simple: Those that look at the target; else the input unchanged,
            everything text, everything real.
    """
    os.environ['UPOCR_DATA'] = data.as_posix()
    cfg = Config.fromfile(CONFIG)
    init_default_scope(cfg.default_scope)
    cfg.test_dataloader.dataset.pipeline = [
        step for step in cfg.test_dataloader.dataset.pipeline
        if step.type != 'PairedResize'
    ]
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    evaluator = EVALUATOR.build(cfg.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    for i in range(len(dataset)):
        batch = preprocessor(pseudo_collate([dataset[i]]))
        sample, image = batch['data_samples'][0], batch['inputs'][0]
        classes = torch.ones_like(image[:1], dtype=torch.long)
        if simple:
            picture = (image * 255).round().byte().permute(1, 2, 0).numpy()
            if 'gt_text_mask' in sample:
                answer = inpaint_text(picture,
                                      sample.gt_text_mask.data[0].numpy())
                image = torch.from_numpy(answer).permute(2, 0, 1) / 255
            else:
                target = sample.gt_sem_seg.data[0].numpy()
                answer = (
                    otsu_text(picture, target) if sample.task
                    == 'text_segmentation' else all_real(target))
                classes = torch.from_numpy(answer[None]).long()
        sample.pred_image = PixelData(data=image)
        sample.pred_sem_seg = PixelData(data=classes)
        evaluator.process([sample])
    return evaluator.evaluate(len(dataset))


def print_table(title: str, columns: dict[str, dict[str, float]]) -> None:
    """Print the scores, one column for each answer."""
    print(f'\n{title:40}' + ''.join(f'{name:>12}' for name in columns))
    for name, label in ROWS:
        print(f'{label:40}' + ''.join(f'{scores[name]:12.2f}'
                                      for scores in columns.values()))


def photographs(out_dir: Path) -> Path:
    """Show what the weights make of the photographs; the sheet."""
    inferencer = UPOCRInferencer(show_progress=False)
    result = inferencer(
        str(ROOT / 'docs/photos'), return_vis=True, out_dir=str(out_dir))
    rows = result['visualization']
    width = max(row.shape[1] for row in rows)
    sheet = np.concatenate([
        np.pad(
            row, ((0, 4), (0, width - row.shape[1]), (0, 0)),
            constant_values=255) for row in rows
    ])
    file = out_dir.with_suffix('.jpg')
    cv2.imwrite(str(file), sheet[..., ::-1])
    return file


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=ROOT / 'work_dirs' / 'demo',
        help='folder in which each run makes one of its own, named by the '
        'time (default: %(default)s)')
    parser.add_argument(
        '--num-train',
        type=int,
        default=150,
        help='pictures of each task to fine-tune on (default: %(default)s)')
    parser.add_argument(
        '--num-test',
        type=int,
        default=16,
        help='pictures of each task to test on (default: %(default)s)')
    parser.add_argument(
        '--iterations',
        type=int,
        default=100,
        help='length of the fine-tuning (default: %(default)s)')
    args = parser.parse_args()
    # It is stopped in the middle, at a step that is logged.
    if args.iterations < 20 or min(args.num_train, args.num_test) < 1:
        parser.error('--iterations must be at least 20, --num-train and '
                     '--num-test at least 1')
    start = time.time()
    refuse_file(args.work_dir, '--work-dir')
    work_dir = args.work_dir.resolve() / time.strftime('%Y%m%d_%H%M%S')
    work_dir.mkdir(parents=True)
    # mmengine lists the variables of a config.
    MMLogger.get_instance('demo', log_level='ERROR')

    def done() -> None:
        print(f'   ({time.time() - start:.0f} s)', flush=True)

    print('1. Photographs and a scan: docs/photos')
    sheet = photographs(work_dir / 'photos')
    print(f'   picture | without its text | strokes | real (green), tampered '
          f'(red):\n   {sheet}')
    done()

    print('2. Synthetic pictures, which were not trained on')
    common = dict(num_test=args.num_test, size=SIZE, num_workers=2)
    usual, night = work_dir / 'usual', work_dir / 'night'
    synthesize_dataset(usual, num_train=1, seed=101, **common)
    synthesize_dataset(
        night, num_train=args.num_train, seed=102, **common, **NIGHT)
    for title, data in (('as in its training', usual), ('pages at night',
                                                        night)):
        columns = {
            'trivial': answer_scores(data, simple=False),
            'simple': answer_scores(data, simple=True),
            'weights': model_scores(WEIGHTS, data,
                                    work_dir / f'test_{data.name}')
        }
        print_table(title, columns)
        done()

    print('3. Fine-tuning on pages at night, stopped in the middle')
    half = args.iterations // 2
    # The next step that is printed.
    length = str(args.iterations)
    printed = f'[{(half // 10 + 1) * 10:>{len(length)}}/{length}]'
    # On a slow CPU a step of six pictures takes two seconds, and each best
    # checkpoint six.
    words = [
        CONFIG, '--work-dir', work_dir / 'train', '--cfg-options',
        f'train_cfg.max_iters={args.iterations}',
        f'param_scheduler.0.end={args.iterations}',
        f'default_hooks.checkpoint.interval={half}',
        'train_dataloader.batch_size=3',
        'default_hooks.checkpoint.save_best=None',
        'default_hooks.logger.interval=10'
    ]
    mim('train', *words, log=work_dir / 'mim_train.log', stop_at=printed)
    done()
    mim('train', *words, '--resume', log=work_dir / 'mim_resume.log')
    done()
    checkpoint = Path(
        (work_dir / 'train' / 'last_checkpoint').read_text().strip())
    columns['fine-tuned'] = model_scores(checkpoint, night,
                                         work_dir / 'test_fine_tuned')
    print_table('pages at night', columns)
    shutil.copy(
        newest(work_dir / 'test_fine_tuned', '*/sheet.png'),
        work_dir / 'sheet.png')
    print(f'\nPictures (input | prediction | target): {work_dir}/sheet.png')
    print(f'Checkpoint: {checkpoint}')
    print(f'Time: {time.time() - start:.0f} s')
    # IoU of real and of tampered text are the two parts of their mean.
    worse = [
        label for name, label in ROWS if '/IoU_' not in name
        and columns['fine-tuned'][name] < columns['weights'][name]
    ]
    if worse:
        sys.exit(f'Fine-tuning made worse: {", ".join(worse)}')


if __name__ == '__main__':
    with one_sentence():
        main()
