from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from tiny_run import tiny_cfg

from upocr_mm.engine import SafeCheckpointHook


def test_takes_the_place() -> None:
    with DefaultScope.overwrite_default_scope('mmseg'):
        hook = HOOKS.build(dict(type='CheckpointHook', interval=7))
    assert type(hook) is SafeCheckpointHook and hook.interval == 7


@pytest.mark.parametrize('keep', [1, 2])
def test_removed_last(keep: int, tmp_path: Path, drawn_data: Path,
                      monkeypatch) -> None:
    """While one is written, the ones before are still there."""
    cfg = tiny_cfg(tmp_path / 'run', drawn_data, iters=4)
    cfg.train_cfg.val_interval = 2
    cfg.default_hooks.checkpoint.update(
        max_keep_ckpts=keep,
        save_best=['text_removal/PSNR', 'text_segmentation/fgIoU'],
        rule='greater')
    runner = Runner.from_cfg(cfg)
    save, before = runner.save_checkpoint, {}

    def look(out_dir: str, filename: str, *args, **kwargs) -> None:
        before.setdefault(filename, names(tmp_path))
        save(out_dir, filename, *args, **kwargs)

    monkeypatch.setattr(runner, 'save_checkpoint', look)
    runner.train()
    wanted = {f'iter_{i}.pth' for i in range(4 - keep, 4)}
    assert wanted <= before['iter_4.pth']
    bests = {name for name in before if name.startswith('best')}
    for name in bests:
        if name.endswith('_4.pth'):
            assert name.replace('_4.', '_2.') in before[name]
    last = {n for n in names(tmp_path) if n.startswith('iter')}
    assert last == {f'iter_{i}.pth' for i in range(5 - keep, 5)}
    # One of each score.
    assert len(bests) > 2 and len(names(tmp_path)) == keep + 2


@pytest.mark.parametrize('several', [False, True])
def test_only_its_own(several: bool, tmp_path: Path, drawn_data: Path) -> None:
    """A checkpoint cannot name what is removed when it is resumed."""
    cfg = tiny_cfg(tmp_path / 'run', drawn_data, iters=2)
    scores = ['text_removal/PSNR', 'text_segmentation/fgIoU']
    hook = cfg.default_hooks.checkpoint
    hook.update(save_best=scores[:1 + several], rule='greater')
    Runner.from_cfg(cfg).train()
    content = torch.load(tmp_path / 'run' / 'iter_2.pth', weights_only=False)
    info = content['message_hub']['runtime_info']
    (tmp_path / 'best_folder').mkdir()
    foreign = [tmp_path / 'best_folder' / 'mine.txt', tmp_path / 'best_x.pth']
    for file in foreign:
        file.touch()
    for score in scores:
        name = f'best_ckpt_{score}' if several else 'best_ckpt'
        info[name] = str(foreign[1] if score ==
                         scores[0] else foreign[0].parent)
        info[name.replace('ckpt', 'score')] = -1.
    info['keep_ckpt_ids'] = ['/../../best_x']
    torch.save(content, tmp_path / 'evil.pth')
    cfg = tiny_cfg(tmp_path / 'new', drawn_data, iters=4)
    cfg.default_hooks.checkpoint = dict(hook, max_keep_ckpts=1)
    cfg.load_from, cfg.resume = str(tmp_path / 'evil.pth'), True
    Runner.from_cfg(cfg).train()
    assert (tmp_path / 'new' / 'iter_4.pth').is_file()
    assert all(file.is_file() for file in foreign)


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / 'run').glob('*.pth')}
