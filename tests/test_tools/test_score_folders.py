"""``tools/analysis/score_folders.py``."""
from __future__ import annotations
import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import mmcv
import numpy as np
import pytest
from tiny_run import tiny_cfg

from upocr_mm.datasets.annotation_files import draw_boxes, read_boxes
from upocr_mm.evaluation.functional import (average_text_removal_scores,
                                            text_removal_scores)

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis' / 'score_folders.py'
REMOVAL = 'TextRemoval/SCUT-EnsText/test'
TAMPERED = 'TamperedTextDetection/Tampered-IC13'


@pytest.fixture(scope='module')
def config(tmp_path_factory, drawn_data: Path) -> Path:
    file = tmp_path_factory.mktemp('score') / 'tiny.py'
    tiny_cfg(file.parent, drawn_data).dump(file)
    return file


def run(*arguments) -> tuple[int, str]:
    done = subprocess.run([sys.executable, TOOL, *map(str, arguments)],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


def printed(output: str) -> dict[str, float]:
    """The scores in the table."""
    head, *rows = [[cell.strip() for cell in line.split('|')[1:-1]]
                   for line in output.splitlines() if line.startswith('|')]
    return {
        f'{head[i]}/{row[i]}': float(row[i + 1])
        for row in rows
        for i in range(0, len(row), 2) if row[i]
    }


def test_inputs_as_answers(config: Path, drawn_data: Path,
                           tmp_path: Path) -> None:
    """Three tasks; each with what can be computed from the files by hand."""
    tampered = tmp_path / 'tampered'
    shutil.copytree(drawn_data / TAMPERED / 'test_img', tampered)
    palette = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)], np.uint8)
    for file in tampered.iterdir():
        # exact, in the colors of the configuration (here BGR), not as JPEG
        boxes = read_boxes(
            str(drawn_data / TAMPERED / 'test_gt' / f'{file.stem}.txt'),
            (1, 2))
        classes = draw_boxes(boxes.shapes, mmcv.imread(str(file)).shape[:2])
        file.unlink()
        mmcv.imwrite(palette[classes], str(file.with_suffix('.png')))
    code, output = run(config, f'text_removal={drawn_data / REMOVAL}/image',
                       f'tampered_text_detection={tampered}', '--out-dir',
                       tmp_path / 'out')
    assert code == 0, output
    scores = printed(output)
    assert scores['tampered_text_detection/mIoU'] == 100
    assert not any(name.startswith('text_segmentation') for name in scores)
    pairs = [[
        mmcv.imread(
            str(drawn_data / REMOVAL / kind / f'img_{i}.jpg'),
            channel_order='rgb') for kind in ('image', 'label')
    ] for i in (1, 2, 3)]
    expected = average_text_removal_scores(
        [text_removal_scores(*pair) for pair in pairs])
    for name, key, unit in (('PSNR', 'psnr', 1), ('MSSIM', 'mssim', 100),
                            ('AGE', 'age', 1)):
        assert scores[f'text_removal/{name}'] == pytest.approx(
            unit * expected[key], abs=1e-4)
    table = subprocess.run(
        [sys.executable, TOOL.parent / 'score_table.py', tmp_path / 'out'],
        stdout=subprocess.PIPE,
        text=True)
    assert f'{scores["text_removal/PSNR"]:.2f}' in table.stdout
    with (tmp_path / 'out' / 'images_text_removal.csv').open() as file:
        assert len(list(csv.DictReader(file))) == 3
    assert 'UPOCR (paper)' in (tmp_path / 'out' / 'report.md').read_text()


def test_labels_as_answers(config: Path, drawn_data: Path) -> None:
    code, output = run(config, f'text_removal={drawn_data / REMOVAL}/label')
    assert code == 0
    scores = printed(output)
    assert scores['text_removal/skipped'] == 3
    assert scores['text_removal/MSE_strict'] == 0


def test_folders_that_do_not_fit(config: Path, drawn_data: Path,
                                 tmp_path: Path) -> None:
    folder = tmp_path / 'pred'
    code, output = run(config, f'text_removal={folder}')
    assert code == 1 and f'{folder} does not exist' in output
    shutil.copytree(drawn_data / REMOVAL / 'image', folder)
    small = folder / 'img_2.jpg'
    picture = mmcv.imread(str(small))
    mmcv.imwrite(picture[:-1], str(small))
    code, output = run(config, f'text_removal={folder}')
    assert code == 1 and f'{small} has the size 64x47' in output
    assert 'has 64x48' in output and 'Traceback' not in output
    # all that is wrong, at once
    (folder / 'img_1.jpg').write_bytes(b'no picture')
    code, output = run(config, f'text_removal={folder}')
    assert code == 1 and 'has the size 64x47' in output
    assert f'{folder}/img_1.jpg is not a readable image' in output
    small.rename(folder / 'img_9.jpg')
    code, output = run(config, f'text_removal={folder}')
    assert code == 1
    assert '1 images of the data set without a prediction in' in output
    assert output.rstrip().endswith(': img_2')
    mmcv.imwrite(picture, str(small))
    code, output = run(config, f'text_removal={folder}')
    assert code == 1 and '1 predictions without an image' in output
    shutil.copy(small, small.with_suffix('.png'))
    code, output = run(config, f'text_removal={folder}')
    assert code == 1 and 'two predictions of one image' in output


def test_maps_of_class_numbers(config: Path, drawn_data: Path,
                               tmp_path: Path) -> None:
    for file in (drawn_data / 'TextSegmentation/TextSeg/image').iterdir():
        picture = mmcv.imread(str(file))
        mmcv.imwrite(picture // 200, str(tmp_path / f'{file.stem}.png'))
    split = json.loads(
        (drawn_data / 'TextSegmentation/TextSeg/split.json').read_text())
    for file in tmp_path.iterdir():
        if file.stem not in split['test']:
            file.unlink()
    code, output = run(config, f'text_segmentation={tmp_path}')
    assert code == 1 and 'no prediction has a value above 2' in output


def test_no_config(tmp_path: Path) -> None:
    code, output = run(tmp_path / 'no.py', f'text_removal={tmp_path}')
    assert code == 2 and 'no.py' in output and 'Traceback' not in output


def test_unknown_task(config: Path, tmp_path: Path) -> None:
    code, output = run(config, f'deblurring={tmp_path}')
    assert code == 1 and "not 'deblurring'" in output
    assert "tests ['tampered_text_detection', 'text_removal'," in output
    code, output = run(config, str(tmp_path))
    assert code == 2 and 'not of the form TASK=FOLDER' in output


def test_robustness(drawn_data: Path, tmp_path: Path) -> None:
    """A table, the scores and the curves; degraded inputs score otherwise."""
    from mmengine.runner import Runner
    cfg = tiny_cfg(tmp_path / 'train', drawn_data, iters=1)
    Runner.from_cfg(cfg).train()
    cfg = tiny_cfg(tmp_path / 'test', drawn_data)
    cfg.dump(tmp_path / 'tiny.py')
    tool = TOOL.parent / 'robustness.py'
    command = [
        sys.executable, tool, tmp_path / 'tiny.py',
        tmp_path / 'train' / 'iter_1.pth', '--work-dir', tmp_path / 'out',
        '--kinds', 'resize', '--metrics', 'text_removal/PSNR',
        'tampered_text_detection/mIoU'
    ]
    done = subprocess.run([str(part) for part in command],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    scores = json.loads((tmp_path / 'out' / 'scores.json').read_text())
    names = ['clean', 'resize-0.75', 'resize-0.5', 'resize-0.25']
    assert list(scores) == names
    psnr = [row['text_removal/PSNR'] for row in scores.values()]
    assert len(set(psnr)) == 4
    table = (tmp_path / 'out' / 'table.md').read_text()
    assert table in done.stdout and len(table.splitlines()) == 6
    assert f'{psnr[1]:.2f}' in table
    assert mmcv.imread(str(tmp_path / 'out' / 'curves.png')).std() > 0
    done = subprocess.run([str(part) for part in (*command, 'x/y')],
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 2
    assert "not have the scores ['x/y'], but ['tamp" in done.stdout
    # the clean scores are those of `mim test`
    cfg.load_from = str(tmp_path / 'train' / 'iter_1.pth')
    cfg.experiment_name = 'clean_again'
    clean = Runner.from_cfg(cfg).test()
    assert clean['text_removal/PSNR'] == pytest.approx(psnr[0])


def test_robustness_without_checkpoint(tmp_path: Path) -> None:
    tool = TOOL.parent / 'robustness.py'
    done = subprocess.run(
        [sys.executable, tool, 'x.py', tmp_path / 'no.pth', '--work-dir', 'x'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True)
    assert done.returncode == 2
    assert 'no.pth does not exist' in done.stdout.splitlines()[-1]
