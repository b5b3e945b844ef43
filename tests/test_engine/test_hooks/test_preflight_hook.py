from __future__ import annotations
import json
from pathlib import Path

import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from tiny_run import tiny_cfg


def test_task_without_prompt(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.model.task_prompt.tasks.remove('text_segmentation')
    for table in cfg.model.codecs, cfg.model.losses:
        table.pop('text_segmentation')
    runner = Runner.from_cfg(cfg)
    with pytest.raises(
            ValueError,
            match=r"train.*'text_segmentation'.*segmentation=None"):
        runner.train()
    assert runner.iter == 0


def test_task_without_losses(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.model.losses.text_removal.pixel = None
    with pytest.raises(ValueError, match=r"'text_removal'.*model.losses"):
        Runner.from_cfg(cfg).train()


def test_task_without_metric(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.val_evaluator.metrics.pop('text_removal')
    with pytest.raises(
            ValueError, match=r"val.*'text_removal'.*val_evaluator.metrics"):
        Runner.from_cfg(cfg).train()


def logged(folder: Path) -> str:
    """The log of the run."""
    return next(folder.glob('*/*.log')).read_text()


def test_a_task_less_needs_one_option(tmp_path: Path,
                                      drawn_data: Path) -> None:
    """Its metrics and its best checkpoint go with its data."""
    cfg = tiny_cfg(tmp_path, drawn_data, iters=1)
    for split in 'train', 'val', 'test':
        cfg[f'{split}_dataloader'].dataset.datasets.text_segmentation = None
    cfg.train_dataloader.batch_size = 2
    runner = Runner.from_cfg(cfg)
    runner.train()
    scores = runner.test()
    assert {name.split('/')[0]
            for name in scores} == {'text_removal', 'tampered_text_detection'}
    best = sorted(path.name for path in tmp_path.glob('best_*.pth'))
    assert best == [
        'best_tampered_text_detection_mIoU_iter_1.pth',
        'best_text_removal_PSNR_iter_1.pth'
    ]
    log = logged(tmp_path)
    assert 'WARNING - Disabled, since the data set does not have them: the ' \
        'metrics of text_segmentation.' in log
    assert "save_best: ['text_segmentation/fgIoU'] left out" in log


def test_one_task_alone(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data, iters=1)
    for split in 'train', 'val':
        cfg[f'{split}_dataloader'].dataset.datasets.update(
            text_segmentation=None, text_removal=None)
    cfg.train_dataloader.batch_size = 1
    Runner.from_cfg(cfg).train()
    best, = tmp_path.glob('best_*.pth')
    assert best.name == 'best_tampered_text_detection_mIoU_iter_1.pth'


def test_no_best_checkpoint_is_left(tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data, iters=1)
    cfg.val_evaluator.metrics.text_removal = None
    cfg.default_hooks.checkpoint.save_best = 'text_removal/PSNR'
    Runner.from_cfg(cfg).train()
    assert (tmp_path / 'iter_1.pth').is_file()
    assert not list(tmp_path.glob('best_*.pth'))
    assert "['text_removal/PSNR'] left out" in logged(tmp_path)


def test_rules_stay_with_their_scores(tmp_path: Path,
                                      drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data, iters=1)
    cfg.val_evaluator.metrics.text_segmentation = None
    cfg.default_hooks.checkpoint.update(
        save_best=[
            'text_segmentation/F', 'text_removal/AGE', 'text_removal/PSNR'
        ],
        rule=['greater', 'less', 'greater'])
    runner = Runner.from_cfg(cfg)
    runner.train()
    hook, = (hook for hook in runner.hooks
             if isinstance(hook, CheckpointHook))  # yapf: disable
    assert hook.key_indicators == ['text_removal/AGE', 'text_removal/PSNR']
    assert hook.rules == ['less', 'greater']


def test_save_best_of_an_unknown_task(tmp_path: Path,
                                      drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.default_hooks.checkpoint.save_best = ['text_removel/PSNR']
    with pytest.raises(
            ValueError,
            match='save_best names text_removel/PSNR.*only the tasks'):
        Runner.from_cfg(cfg).train()


def test_save_best_of_an_unknown_score(tmp_path: Path,
                                       drawn_data: Path) -> None:
    """Before the training, or else its first part is lost."""
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.default_hooks.checkpoint.save_best = ['text_removal/PSRN']
    runner = Runner.from_cfg(cfg)
    with pytest.raises(
            ValueError,
            match='no such score; near to it are text_removal/PSNR'):
        runner.train()
    assert runner.iter == 0


@pytest.fixture
def checkpoint(tmp_path: Path, drawn_data: Path) -> Path:
    runner = Runner.from_cfg(tiny_cfg(tmp_path / 'run', drawn_data))
    file = tmp_path / 'model.pth'
    torch.save(dict(state_dict=runner.model.state_dict(), meta={}), file)
    return file


def runner_for_test(checkpoint: Path, drawn_data: Path) -> Runner:
    cfg = tiny_cfg(checkpoint.parent / 'test', drawn_data)
    cfg.load_from = str(checkpoint)
    return Runner.from_cfg(cfg)


def edit(file: Path, change) -> None:
    content = torch.load(file)
    change(content['state_dict'])
    torch.save(content, file)


def test_checkpoint_of_the_model(checkpoint: Path, drawn_data: Path) -> None:
    edit(
        checkpoint, lambda state:
        [state.pop(key) for key in list(state) if 'relative_' in key])
    assert runner_for_test(checkpoint, drawn_data).test()


def other_tasks(state: dict) -> None:
    state['task_prompt.prompts.deblurring'] = state.pop(
        'task_prompt.prompts.text_removal')


def other_width(state: dict) -> None:
    state['projection.weight'] = torch.zeros(32, 32)


@pytest.mark.parametrize('change, text', [
    (other_tasks, r'1 keys are missing: task_prompt.prompts.text_removal\n'
     r'1 keys are unexpected: task_prompt.prompts.deblurring'),
    (other_width, r'of another shape: projection.weight \(\(32, 32\) instead '
     r'of \(64, 64\)\)'),
])
def test_checkpoint_of_another_model(checkpoint: Path, drawn_data: Path,
                                     change, text: str) -> None:
    edit(checkpoint, change)
    with pytest.raises(ValueError, match=f'(?s)model.pth.*{text}'):
        runner_for_test(checkpoint, drawn_data).test()


def test_strict_can_be_switched_off(checkpoint: Path,
                                    drawn_data: Path) -> None:
    edit(checkpoint, other_tasks)
    cfg = tiny_cfg(checkpoint.parent / 'test', drawn_data)
    cfg.load_from = str(checkpoint)
    # as `--cfg-options` sets it
    cfg.merge_from_dict({'default_hooks.preflight.strict': False})
    assert Runner.from_cfg(cfg).test()


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', None])
def test_damaged_checkpoint(checkpoint: Path, drawn_data: Path,
                            content: bytes | None) -> None:
    if content is None:  # a download that broke off
        content = checkpoint.read_bytes()[:-1000]
    checkpoint.write_bytes(content)
    with pytest.raises(ValueError, match='model.pth.*damaged'):
        runner_for_test(checkpoint, drawn_data).test()


def test_weights_of_other_colors(checkpoint: Path, drawn_data: Path) -> None:
    """The palette belongs to the weights; nothing else would tell."""
    cfg = tiny_cfg(checkpoint.parent / 'test', drawn_data)
    cfg.load_from = str(checkpoint)
    content = torch.load(checkpoint)
    blue, green, red = [0, 0, 255], [0, 255, 0], [255, 0, 0]
    content['meta']['upocr'] = dict(
        palettes=dict(tampered_text_detection=[blue, green, red]))
    torch.save(content, checkpoint)
    assert Runner.from_cfg(cfg).test()
    content['meta']['upocr'] = dict(
        palettes=dict(tampered_text_detection=[red, green, blue]))
    torch.save(content, checkpoint)
    cfg.experiment_name = 'other_colors'
    with pytest.raises(
            ValueError,
            match=r'colors of tampered_text_detection are \[\[255, 0, 0\].* '
            r'model.codecs.tampered_text_detection.palette') as error:
        Runner.from_cfg(cfg).test()
    # Wrong colors would be scored without a word.
    assert 'strict' not in str(error.value)
    assert '*_released-512x512.py' in str(error.value)


def test_published_and_foreign_files(checkpoint: Path,
                                     drawn_data: Path) -> None:
    weights = torch.load(checkpoint, weights_only=False)['state_dict']
    torch.save(dict(model=weights, epoch=3), checkpoint)
    with pytest.raises(ValueError, match='upocr2mm.py$'):
        runner_for_test(checkpoint, drawn_data).test()
    torch.save(dict(state_dict={'conv.weight': torch.ones(1)}), checkpoint)
    cfg = tiny_cfg(checkpoint.parent / 'test', drawn_data)
    cfg.load_from = str(checkpoint)
    cfg.experiment_name = 'foreign'
    with pytest.raises(ValueError, match='unexpected: conv.weight$'):
        Runner.from_cfg(cfg).test()


def test_weights_of_other_windows(checkpoint: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(checkpoint.parent / 'test', drawn_data)
    cfg.load_from = str(checkpoint)
    cfg.model.decode_head.window_size = 4
    with pytest.raises(
            ValueError,
            match=r'other window sizes .*: decode_head.stages.0.0.attn \(8 '
            r'instead of 4\)'):
        Runner.from_cfg(cfg).test()
    cfg.model.decode_head.update(window_size=8, pretrained_window_size=12)
    cfg.experiment_name = 'other_pre-training'
    with pytest.raises(ValueError, match='another pretrained_window_size'):
        Runner.from_cfg(cfg).test()


def test_training_without_its_initial_weights(tmp_path: Path,
                                              drawn_data: Path) -> None:
    """It stops before the first iteration and says what to do."""
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.load_from = str(tmp_path / 'viteraser_small.pth')
    runner = Runner.from_cfg(cfg)
    with pytest.raises(
            FileNotFoundError,
            match='viteraser_small.pth does not exist, from which the '
            'training starts.*upocr2mm.py.*load_from=None'):
        runner.train()
    assert runner.iter == 0
    assert not list(tmp_path.glob('*.pth'))
    cfg.experiment_name = 'test_of_no_file'
    with pytest.raises(FileNotFoundError, match='does not exist$'):
        Runner.from_cfg(cfg).test()


def test_a_training_may_start_without_prompts(checkpoint: Path,
                                              drawn_data: Path) -> None:
    edit(checkpoint, lambda state: state.pop('task_prompt.prompts.'
                                             'text_removal'))
    cfg = tiny_cfg(checkpoint.parent / 'start', drawn_data, iters=1)
    cfg.load_from = str(checkpoint)
    Runner.from_cfg(cfg).train()
    edit(checkpoint, lambda state: state.pop('projection.bias'))
    cfg.experiment_name = 'without_bias'
    with pytest.raises(ValueError, match='1 keys are missing: projection'):
        Runner.from_cfg(cfg).train()


def test_best_checkpoint_by_any_score(tmp_path: Path,
                                      drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data, iters=2)
    cfg.train_cfg.val_interval = 1
    cfg.default_hooks.checkpoint.update(
        save_best=['text_removal/AGE', 'text_segmentation/R'],
        rule=['less', 'greater'])
    runner = Runner.from_cfg(cfg)
    runner.train()
    ages = [
        json.loads(line)['text_removal/AGE'] for line in next(
            tmp_path.glob('*/vis_data/scalars.json')).read_text().splitlines()
        if 'text_removal/AGE' in line
    ]
    best, = tmp_path.glob('best_text_removal_AGE_iter_*.pth')
    assert best.stem[-1] == str(1 + ages.index(min(ages)))
    assert len(list(tmp_path.glob('best_text_segmentation_R_*.pth'))) == 1
