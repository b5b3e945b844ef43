from __future__ import annotations
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from upocr_mm.checkpoint import load_tensors

ROOT = Path(__file__).parents[2]


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """One photograph and one font."""
    folder = tmp_path / 'assets'
    for name in ('backgrounds', 'fonts'):
        (folder / name).mkdir(parents=True)
    ground = np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)
    cv2.imwrite(
        str(folder / 'backgrounds/wall.png'), cv2.resize(ground, (600, 600)))
    font = Path(matplotlib.get_data_path(), 'fonts/ttf/DejaVuSans.ttf')
    shutil.copy(font, folder / 'fonts')
    return folder


def test_from_nothing_to_weights(assets: Path, tmp_path: Path) -> None:
    """And on with the same command."""
    folder = tmp_path / 'nano'

    def train() -> str:
        words = [
            sys.executable,
            str(ROOT / 'tools/train_nano.py'),
            str(folder), '--assets',
            str(assets), '--num-test', '1', '--cfg-options',
            'train_cfg.max_iters=1'
        ]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    first_run = train()
    assert 'synthesize_dataset.py' in first_run
    assert first_run.count('mim train') == 5
    # The stages start from the weights of the one before.
    assert first_run.count('Load checkpoint from') == 4
    file, = folder.glob('*.safetensors')
    assert load_tensors(str(file))['meta']['iter'] == 1
    # What is done is skipped; what was interrupted goes on.
    (folder / 'train_4/finished').unlink()
    again = train()
    assert 'synthesize_dataset.py' not in again
    assert again.count('mim train') == 1 and 'train_4 --resume' in again
    assert again.count('resumed epoch: 0, iter: 1') == 1
    assert list(folder.glob('*.safetensors')) == [file]
