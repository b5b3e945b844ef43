"""The example of a task of one's own."""
from __future__ import annotations
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from tiny_run import CONFIGS, shrink

TASK = 'document_binarization'
EXAMPLES = CONFIGS / 'examples'
FILES = sorted(EXAMPLES.glob('upocr_*_binarization*.py'))
JOINT = 'upocr_swinv2-n_1xb8-600_binarization-128x128'
PROMPT = 'upocr_swinv2-n_1xb4-200_binarization-prompt-128x128'


@pytest.fixture(scope='module')
def pages(tmp_path_factory, drawn_data: Path) -> Path:
    """Synthetic pages beside the data of the three tasks."""
    with pytest.MonkeyPatch.context() as context:
        context.syspath_prepend(str(EXAMPLES))
        from draw_pages import draw_pages
        draw_pages(drawn_data / 'DocumentBinarization', 4, 2)
    return drawn_data


def small(name: str, pages: Path, work_dir: Path) -> Config:
    cfg = Config.fromfile(EXAMPLES / f'{name}.py')
    cfg.load_from = None
    shrink(cfg, work_dir, pages, iters=3)
    return cfg


def test_configs_are_found_and_short() -> None:
    assert [path.stem for path in FILES] == [PROMPT, JOINT]
    assert all(len(path.read_text().splitlines()) < 40 for path in FILES)


@pytest.mark.parametrize('installed', [False, True])
def test_load_from_anywhere(tmp_path: Path, installed: bool) -> None:
    """The configs find the module beside them, without `PYTHONPATH`."""
    folder = EXAMPLES
    if installed:  # a copy, as in `.mim`
        shutil.copytree(CONFIGS, tmp_path / 'configs')
        folder = tmp_path / 'configs' / 'examples'
    code = ('import sys; from mmengine.config import Config; '
            f'assert {str(folder)!r} not in sys.path; '
            '[Config.fromfile(name) for name in sys.argv[1:]]; '
            'import document_binarization as m; print(m.__file__)')
    output = subprocess.run(
        [sys.executable, '-c', code, *(folder / path.name for path in FILES)],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(CONFIGS.parent)),
        check=True,
        stdout=subprocess.PIPE,
        text=True).stdout
    assert output.split()[-1] == str(folder / 'document_binarization.py')


def test_four_tasks_together(pages: Path, tmp_path: Path) -> None:
    """The fourth task trains and is scored beside the others."""
    cfg = small(JOINT, pages, tmp_path)
    cfg.train_dataloader.batch_size = 4
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = runner.message_hub.log_scalars
    assert f'train/{TASK}/loss_pixel' in losses
    scores = runner.val()
    assert {name.split('/')[0] for name in scores} == {*cfg.model.codecs, TASK}
    assert f'{TASK}/fgIoU' in scores


def outputs(model: torch.nn.Module) -> list[torch.Tensor]:
    torch.manual_seed(0)
    inputs = torch.rand(3, 3, 40, 50)
    samples = [
        SegDataSample(metainfo=dict(task=task)) for task in model.tasks
        if task != TASK
    ]
    with torch.no_grad():
        return model.eval()(inputs, samples, mode='tensor')


def test_prompt_tuning(pages: Path, tmp_path: Path) -> None:
    """The prompt alone learns; the old tasks stay bit for bit."""
    base = small(PROMPT, pages, tmp_path / 'base')
    base.model.task_prompt.tasks = base.model.task_prompt.tasks[:3]
    base.model.codecs[TASK] = base.model.losses[TASK] = None
    base.model.trainable = None
    init_default_scope('mmseg')
    torch.manual_seed(0)
    old = MODELS.build(base.model)
    old.init_weights()
    torch.save(
        dict(state_dict=old.state_dict(), meta={}), tmp_path / 'old.pth')

    cfg = small(PROMPT, pages, tmp_path / 'tune')
    cfg.load_from = str(tmp_path / 'old.pth')
    cfg.train_dataloader.batch_size = 4  # all pages in every batch
    cfg.train_cfg.max_iters = cfg.train_cfg.val_interval = 20
    cfg.param_scheduler[0].end = 20
    cfg.default_hooks.checkpoint.interval = 20
    runner = Runner.from_cfg(cfg)
    runner.train()
    history = runner.message_hub.get_scalar(f'train/{TASK}/loss_pixel').data[0]
    assert history[-1] < history[0]
    new = runner.model.state_dict()
    assert all(
        torch.equal(new[name], value)
        for name, value in old.state_dict().items())
    assert set(new) - set(old.state_dict()) == {f'task_prompt.prompts.{TASK}'}
    # In one and the same model, since where weights lie in memory can change
    # the last bit of a matrix product.
    model = MODELS.build(cfg.model)
    model.load_state_dict(old.state_dict(), strict=False)
    before = outputs(model)
    model.load_state_dict(new)
    assert all(torch.equal(a, b) for a, b in zip(before, outputs(model)))


def test_missing_ground_truth(pages: Path, tmp_path: Path,
                              monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from document_binarization import PagesDataset
    folder = tmp_path / 'pages'
    folder.mkdir()
    page = pages / 'DocumentBinarization/test/00.png'
    (folder / '00.png').write_bytes(page.read_bytes())
    with pytest.raises(ValueError, match='00.png: no 00_gt.png'):
        PagesDataset(str(folder))
