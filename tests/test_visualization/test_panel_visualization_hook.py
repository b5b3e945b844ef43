from __future__ import annotations
from pathlib import Path

import mmcv
from mmengine.runner import Runner
from tiny_run import tiny_cfg


def test_sheet_and_pictures(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.default_hooks.visualization.update(draw=True, interval=2, sheet_rows=2)
    Runner.from_cfg(cfg).test()
    sheet = mmcv.imread(str(next(tmp_path.glob('*/sheet.png'))))
    # two rows of each of three tasks, under their captions
    assert sheet.shape[0] == 6 * (192 + 20)
    pictures = sorted(path.name for path in tmp_path.rglob('vis_image/*'))
    assert len(pictures) == 5  # every other one of nine
    assert pictures[0].startswith('test_tampered_text_detection_')
    # three pictures of 48x64 and two gaps
    picture = mmcv.imread(str(next(tmp_path.rglob('vis_image/*'))))
    assert picture.shape == (48, 3 * 64 + 2 * 4, 3)


def test_no_sheet_if_not_wanted(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.default_hooks.visualization.sheet_rows = 0
    Runner.from_cfg(cfg).test()
    assert not list(tmp_path.rglob('sheet.png'))
