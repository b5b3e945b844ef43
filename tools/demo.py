"""Draw data, train a nano UPOCR on its three tasks, test it, show the result.

Training and test are those of every user: `mim train` and `mim test`. The
table compares, on synthetic images that were not trained on, the trivial
answer (the input unchanged, everything text, everything real text), the
untrained and the trained model.
"""
from __future__ import annotations
import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from mmengine.runner.checkpoint import save_checkpoint
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, EVALUATOR, MODELS

from upocr_mm.synthesis import synthesize_dataset

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / 'configs/upocr/upocr_swinv2-n_1xb6-600_synthetic-128x128.py'
DATA = dict(
    num_train=300,
    num_test=24,
    size=(128, 128),
    seed=0,
    num_workers=2,
    presets='simple')
# The rows of the table: metric, what it is, and the trivial answer.
ROWS = (
    ('text_removal/PSNR_text', 'PSNR inside the text region, dB',
     'input unchanged'),
    ('text_removal/PSNR', 'PSNR of the whole image, dB', 'input unchanged'),
    ('text_segmentation/fgIoU', 'foreground IoU, %', 'everything text'),
    ('tampered_text_detection/mIoU', 'mean IoU of real and tampered, %',
     'everything real'),
)


def mim(command: str, *arguments: str | Path) -> None:
    """Run ``mim train`` or ``mim test`` as a user would; show its progress."""
    log = Path(os.environ['UPOCR_DATA']).parent / f'mim_{command}.log'
    words = [
        sys.executable, '-m', 'mim', command, 'mmsegmentation',
        *map(str, arguments)
    ]
    print('$', *words[2:], flush=True)
    with open(log, 'w') as file:
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace')
        for line in process.stdout:
            file.write(line)
            if 'Iter(train)' in line:
                # without the date and the name of the logger
                print('  ' + line.split('INFO - ')[-1].rstrip(), flush=True)
    if process.wait():
        sys.exit(f'`mim {command}` failed:\n' +
                 ''.join(log.read_text().splitlines(True)[-25:]) +
                 f'\nThe whole log: {log}')


def make_anew(work_dir: Path) -> None:
    """Make the folder; replace it if the demo made it, and only then."""
    marker = work_dir / '.upocr_demo'
    if work_dir.exists() and not marker.is_file():
        if not work_dir.is_dir() or any(work_dir.iterdir()):
            sys.exit(f'--work-dir {work_dir} was not made by the demo and is '
                     'not empty; name another folder')
    elif work_dir.exists():
        shutil.rmtree(work_dir)
    work_dir.mkdir(parents=True, exist_ok=True)
    marker.touch()


def newest(folder: Path, pattern: str) -> Path:
    """The file that was written last."""
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime)


def test_scores(checkpoint: Path, work_dir: Path) -> dict[str, float]:
    """Scores of a checkpoint by ``mim test``."""
    mim('test', CONFIG, '--checkpoint', checkpoint, '--work-dir', work_dir)
    return json.loads(newest(work_dir, '*/*.json').read_text())


def trivial_scores(cfg: Config) -> dict[str, float]:
    """Scores of the trivial answers, by the same metrics."""
    cfg = copy.deepcopy(cfg)
    cfg.test_dataloader.dataset.pipeline = [
        step for step in cfg.test_dataloader.dataset.pipeline
        if step.type != 'PairedResize'
    ]
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    evaluator = EVALUATOR.build(cfg.test_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    for i in range(len(dataset)):
        packed = dataset[i]
        batch = preprocessor(pseudo_collate([packed]))
        sample, image = batch['data_samples'][0], batch['inputs'][0]
        sample.pred_image = PixelData(data=image)
        # class 1: text, and real text
        sample.pred_sem_seg = PixelData(
            data=torch.ones_like(image[:1], dtype=torch.long))
        evaluator.process([sample])
    return evaluator.evaluate(len(dataset))


def save_untrained(cfg: Config, filename: Path) -> None:
    """Save the model as the training will start from it."""
    set_random_seed(cfg.randomness.seed)
    model = MODELS.build(cfg.model)
    model.init_weights()
    save_checkpoint(
        dict(state_dict=model.state_dict(), meta={}), str(filename))


def print_table(trivial: dict, before: dict, after: dict) -> bool:
    """Print the scores; whether training beats both others in each task."""
    print(f'\n{"score on held-out images":58}'
          f'{"trivial":>9}{"before":>9}{"after":>9}')
    success = True
    for name, what, answer in ROWS:
        scores = trivial[name], before[name], after[name]
        label = f'{name.split("/")[0]}: {what}'
        print(f'{label:58}' + ''.join(f'{score:9.2f}' for score in scores))
        print(f'    trivial answer: {answer}')
        if name != 'text_removal/PSNR':
            success &= scores[2] > max(scores[:2])
    return success


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=ROOT / 'work_dirs' / 'demo',
        help='folder of everything that the demo writes; replaced')
    parser.add_argument(
        '--iterations',
        type=int,
        help='length of the training (default: as the configuration says)')
    args = parser.parse_args()
    start = time.time()
    work_dir = args.work_dir.resolve()
    make_anew(work_dir)

    print('1. Draw text on backgrounds, in the layouts of SCUT-EnsText, '
          'TextSeg and Tampered-IC13')
    synthesize_dataset(work_dir / 'data', **DATA)
    os.environ['UPOCR_DATA'] = (work_dir / 'data').as_posix()
    # mmengine lists the variables of a config and every parameter that it
    # initializes.
    MMLogger.get_instance('demo', log_level='ERROR')
    cfg = Config.fromfile(CONFIG)
    init_default_scope(cfg.default_scope)

    print(f'   {work_dir / "data"} ({time.time() - start:.0f} s)')
    print('2. Test the trivial answers and the untrained model')
    trivial = trivial_scores(cfg)
    save_untrained(cfg, work_dir / 'untrained.pth')
    before = test_scores(work_dir / 'untrained.pth', work_dir / 'test_before')
    print(f'   ({time.time() - start:.0f} s)')

    print('3. Train the three tasks together')
    options = []
    if args.iterations:
        options = [
            '--cfg-options', f'train_cfg.max_iters={args.iterations}',
            f'param_scheduler.0.end={args.iterations}'
        ]
    mim('train', CONFIG, '--work-dir', work_dir / 'train', *options)
    print(f'   ({time.time() - start:.0f} s)')

    print('4. Test the trained model')
    checkpoint = Path(
        (work_dir / 'train' / 'last_checkpoint').read_text().strip())
    after = test_scores(checkpoint, work_dir / 'test_after')
    sheet = newest(work_dir / 'test_after', '*/sheet.png')
    shutil.copy(sheet, work_dir / 'sheet.png')

    success = print_table(trivial, before, after)
    print(f'\nPictures (input | prediction | target): {work_dir}/sheet.png')
    print(f'Checkpoint: {checkpoint}')
    print(f'Time: {time.time() - start:.0f} s')
    if not success:
        sys.exit('The trained model does not beat the trivial answer and the '
                 'untrained model in every task.')


if __name__ == '__main__':
    main()
