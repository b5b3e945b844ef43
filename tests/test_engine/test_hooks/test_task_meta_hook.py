from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from tiny_run import tiny_cfg


@pytest.mark.parametrize('strict', [True, False])
def test_checkpoints_tell_tasks_and_colors(tmp_path: Path, drawn_data: Path,
                                           strict: bool) -> None:
    """Whatever is checked before the run."""
    cfg = tiny_cfg(tmp_path, drawn_data, iters=1)
    cfg.default_hooks.preflight.strict = strict
    Runner.from_cfg(cfg).train()
    for name in 'iter_1', 'best_text_removal_PSNR_iter_1':
        saved = torch.load(tmp_path / f'{name}.pth', weights_only=False)
        assert saved['meta']['upocr'] == dict(
            tasks=[
                'text_removal', 'tampered_text_detection', 'text_segmentation'
            ],
            palettes=dict(
                text_segmentation=[[0, 0, 0], [255, 255, 255]],
                tampered_text_detection=[[0, 0, 255], [0, 255, 0], [255, 0,
                                                                    0]]))
