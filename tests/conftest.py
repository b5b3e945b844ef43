from __future__ import annotations
import os
from pathlib import Path

import pytest

# Threads that wait let others work: beside another busy process they would
# make everything many times slower. Read when torch is imported.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
# Several processes test at a time, and what they start inherits this.
os.environ.setdefault('OMP_NUM_THREADS', '1')
import torch  # noqa: E402

from upocr_mm.synthesis import synthesize_dataset  # noqa: E402


@pytest.fixture(scope='session')
def drawn_data(tmp_path_factory) -> Path:
    """Folder with the three data sets, drawn: 5 to train, 3 to test each."""
    folder = tmp_path_factory.mktemp('drawn')
    synthesize_dataset(
        folder,
        num_train=5,
        num_test=3,
        num_val=1,
        size=(48, 64),
        presets='simple')
    return folder


@pytest.fixture(scope='session', autouse=True)
def one_thread() -> None:
    """So that tests do the same on any machine."""
    torch.set_num_threads(1)
