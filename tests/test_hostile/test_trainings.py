"""Trainings that are killed, and that fail in one of two processes."""
from __future__ import annotations
import os
import signal
import subprocess
import sys
from pathlib import Path

import torch
from tiny_run import tiny_cfg

from upocr_mm.checkpoint import load_tensors

# Kills itself before the checkpoint whose number is the first argument gets
# its name; 0 for none.
SCRIPT = """
import os, signal, sys
from upocr_mm.apis.cli import main
replace, wanted, count = os.replace, int(sys.argv[1]), 0
def replace_or_die(source, target):
    global count
    count += str(target).endswith('.pth')
    if count == wanted and str(target).endswith('.pth'):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = replace_or_die
sys.exit(main(['train', *sys.argv[2:]]))
"""


def train(folder: Path,
          data: Path,
          kill_at: int = 0,
          *options: str) -> tuple[int, str]:
    """Exit code and output of `upocr train`."""
    cfg = tiny_cfg(folder, data, iters=4)
    cfg.default_hooks.checkpoint.max_keep_ckpts = 1
    file = folder.with_suffix('.py')
    cfg.dump(file)
    done = subprocess.run([
        sys.executable, '-c', SCRIPT,
        str(kill_at),
        str(file), '--work-dir',
        str(folder), *options
    ],
                          env=dict(os.environ, OMP_NUM_THREADS='1'),
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          text=True)
    assert 'Traceback' not in done.stdout, done.stdout
    return done.returncode, done.stdout


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob('.upocr_mm-*'))


def test_killed_while_saving(tmp_path: Path, drawn_data: Path) -> None:
    """The checkpoints before are whole, and it goes on as if nothing was."""
    killed, straight = tmp_path / 'killed', tmp_path / 'straight'
    assert train(killed, drawn_data, 3)[0] == -signal.SIGKILL
    assert sorted(f.name for f in killed.glob('*.pth')) == ['iter_2.pth']
    assert load_tensors(str(killed / 'iter_2.pth'))['meta']['iter'] == 2
    # What was being written, which is no checkpoint.
    assert unfinished(killed)

    assert train(killed, drawn_data, 0, '--resume')[0] == 0
    assert not unfinished(killed)
    assert train(straight, drawn_data)[0] == 0
    found, expected = (
        load_tensors(str(folder / 'iter_4.pth'))
        for folder in (killed, straight))
    for name, value in expected['state_dict'].items():
        assert torch.equal(found['state_dict'][name], value), name


def test_processes_that_fail(tmp_path: Path) -> None:
    """No traceback, of the launcher neither."""
    code, printed = train(tmp_path / 'run', tmp_path / 'nowhere', 0,
                          '--launcher', 'pytorch', '--gpus', '2')
    assert code == 1
    assert 'missing folder' in printed and 'set UPOCR_DATA to' in printed
