from __future__ import annotations
import csv
import json
from pathlib import Path

import mmcv
import numpy as np
import pytest
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from tiny_run import tiny_cfg

TASKS = ('text_removal', 'text_segmentation', 'tampered_text_detection')


def run(tmp_path: Path, data: Path, **kwargs) -> dict:
    """Test the untrained tiny model; the scores by name."""
    cfg = tiny_cfg(tmp_path, data)
    cfg.default_hooks.report.update(kwargs)
    return Runner.from_cfg(cfg).test()


def read_images(folder: Path, task: str) -> list[dict]:
    with next(folder.glob(f'*/images_{task}.csv')).open() as file:
        return list(csv.DictReader(file))


def test_files(tmp_path: Path, drawn_data: Path) -> None:
    scores = run(tmp_path, drawn_data, worst=2)
    # the scores of the images are those of the set
    rows = read_images(tmp_path, 'text_removal')
    assert [Path(row['img_path']).name
            for row in rows] == [f'img_{i}.jpg' for i in (1, 2, 3)]
    for name in ('PSNR', 'AGE', 'SSIM_strict'):
        mean = np.mean([float(row[name]) for row in rows])
        assert mean == pytest.approx(scores[f'text_removal/{name}'])
    for task in TASKS:
        assert len(read_images(tmp_path, task)) == 3
    # the report has our row below the paper's
    report = next(tmp_path.glob('*/report.md')).read_text()
    lines = report.splitlines()
    own = [line for line in lines if line.startswith('| **ours** |')]
    assert len(own) == 3
    psnr = f'{scores["text_removal/PSNR"]:.2f}'
    assert own[0].split(' | ')[1] == psnr
    assert '| UPOCR (paper) | 37.14 | 97.62 |' in report
    assert '| UPOCR (paper) | 88.76 |' in report
    assert '| UPOCR (paper) | 71.80 |' in report
    assert report.count('The column F mixes two protocols.') == 1
    assert f'| SSIM_strict | {scores["text_removal/SSIM_strict"]:.4f} |' in (
        lines)
    # two rows of each task: input, prediction, target, error
    sheet = mmcv.imread(str(next(tmp_path.glob('*/worst.png'))))
    assert sheet.shape[0] == 6 * (192 + 20)


def test_title_tells_what_was_tested(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.test_dataloader.dataset.pipeline.insert(
        1, dict(type='DegradeImage', kind='jpeg', amount=50))
    cfg.test_dataloader.dataset.datasets.text_segmentation.split = 'val'
    Runner.from_cfg(cfg).test()
    title = next(tmp_path.glob('*/report.md')).read_text().splitlines()[0]
    assert title.endswith('(no checkpoint, jpeg 50, text_segmentation on val)')


def test_worst_images_come_first(tmp_path: Path, drawn_data: Path,
                                 monkeypatch) -> None:
    captions = []
    draw_sheet = 'upocr_mm.engine.hooks.evaluation_report_hook.draw_sheet'
    monkeypatch.setattr(
        draw_sheet, lambda panels, columns: captions.extend(
            caption for caption, _ in panels) or panels[0][1])
    run(tmp_path, drawn_data, worst=2)
    rows = read_images(tmp_path, 'text_removal')
    rows.sort(key=lambda row: float(row['PSNR']))
    assert captions[:2] == [
        f'text_removal, {Path(row["img_path"]).name}, PSNR '
        f'{float(row["PSNR"]):.2f}' for row in rows[:2]
    ]
    assert len(captions) == 6


def test_pictures_are_not_wanted(tmp_path: Path, drawn_data: Path) -> None:
    run(tmp_path, drawn_data, worst=0)
    assert list(tmp_path.glob('*/report.md'))
    assert not list(tmp_path.glob('*/worst.png'))


def test_a_repeated_prediction_changes_no_score(tmp_path: Path,
                                                drawn_data: Path) -> None:
    """Drawing predicts samples again; the scores are those of the test."""
    with_pictures = run(tmp_path / 'a', drawn_data, worst=3)
    without = run(tmp_path / 'b', drawn_data, worst=0)
    assert with_pictures == without
    written = json.loads(next((tmp_path / 'a').glob('*/*.json')).read_text())
    assert {
        k: v
        for k, v in written.items() if '/' in k
    } == pytest.approx(without)


def test_bad_number() -> None:
    with pytest.raises(ValueError, match='worst must be >= 0'):
        HOOKS.build(dict(type='EvaluationReportHook', worst=-1))
