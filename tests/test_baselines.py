"""Models of MMSegmentation on the data and with the metrics of UPOCR."""
from __future__ import annotations
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine import load
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, EVALUATOR, MODELS
from mmseg.structures import SegDataSample
from PIL import Image
from test_mim import mim, scores, without_times

CONFIGS = Path(__file__).parent.parent / 'configs'
FOLDER = CONFIGS / 'baselines'
FILES = sorted(FOLDER.glob('*.py'))
IDS = [path.stem for path in FILES]
METAFILE = load(FOLDER / 'metafile.yml')['Models']
# data set: task, number of classes, score of the best checkpoint
TASKS = {
    'textseg': ('text_segmentation', 2, 'fgIoU'),
    'tampered-ic13': ('tampered_text_detection', 3, 'mIoU'),
}


def load_config(path: Path) -> Config:
    cfg = Config.fromfile(path, import_custom_modules=False)
    init_default_scope(cfg.default_scope)
    return cfg


def task_of(path: Path) -> tuple[str, int, str]:
    return TASKS[path.stem.split('80k_')[1].replace('-512x512', '')]


def test_all_are_found() -> None:
    """Eight models on two data sets, each with its entry for mim."""
    assert len(FILES) == 16
    assert Counter(task_of(path)[0] for path in FILES) == {
        task: 8
        for task, _, _ in TASKS.values()
    }
    names = Counter(path.stem for path in CONFIGS.rglob('*.py')
                    if '_base_' not in path.parts)  # yapf: disable
    assert max(names.values()) == 1, 'mim finds configs by their bare name'
    assert [model['Name'] for model in METAFILE] == IDS
    for model, path in zip(METAFILE, FILES):
        assert CONFIGS.parent / model['Config'] == path


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_forward_loss_predict(path: Path) -> None:
    """The model in full size makes a step of each kind on a small input."""
    task, num_classes, _ = task_of(path)
    cfg = load_config(path)
    # Weights would be loaded by init_weights(), which is not called here.
    cfg.model.pretrained = None
    model = revert_sync_batchnorm(MODELS.build(cfg.model))
    assert model.num_classes == num_classes
    build_optim_wrapper(model, cfg.optim_wrapper)
    parameters = sum(p.numel() for p in model.parameters())
    assert METAFILE[FILES.index(path)]['Metadata']['Parameters'] == parameters
    row, = (
        line for line in (FOLDER / 'README.md').read_text().splitlines()
        if f'({path.name})' in line)
    assert f' {parameters / 1e6:.1f} M ' in row

    if 'img_size' in cfg.model.backbone:  # BEiT takes inputs of one size
        cfg.model.backbone.img_size = (64, 64)
        model = revert_sync_batchnorm(MODELS.build(cfg.model))
    meta = dict(ori_shape=(50, 40), img_shape=(64, 64))
    samples = [SegDataSample(metainfo=meta) for _ in range(2)]
    for sample in samples:
        labels = torch.randint(0, num_classes, (1, 64, 64))
        labels[..., :2] = 255
        sample.gt_sem_seg = PixelData(data=labels)
    inputs = torch.randn(2, 3, 64, 64)
    losses = model(inputs, samples, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    # A parameter without would stop a distributed training.
    assert all(p.grad is not None for p in model.parameters())
    model.eval()
    with torch.no_grad():
        result = model(inputs, samples, mode='predict')[0].pred_sem_seg.data
    assert result.shape == (1, 50, 40)
    assert not result.is_floating_point() and 0 <= result.min()
    assert result.max() < num_classes


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_recipe(path: Path) -> None:
    """The data and metrics are UPOCR's, nothing of another set is left."""
    task, _, best = task_of(path)
    cfg = load_config(path)
    joint = Config.fromfile(CONFIGS / '_base_/datasets/joint_512x512.py')
    for split in 'train', 'val', 'test':
        own = cfg[f'{split}_dataloader']
        theirs = joint[f'{split}_dataloader'].dataset
        pipeline = theirs.datasets[task].get('pipeline', []) + theirs.pipeline
        assert own.dataset == dict(theirs.datasets[task], pipeline=pipeline)
        DATASETS.build(dict(own.dataset, lazy_init=True))
        assert own.sampler.type == ('InfiniteSampler'
                                    if split == 'train' else 'DefaultSampler')
    assert cfg.train_dataloader.batch_size == 8
    for split in 'val', 'test':
        evaluator = cfg[f'{split}_evaluator']
        assert evaluator.metrics == {task: joint.test_evaluator.metrics[task]}
        EVALUATOR.build(evaluator)
    assert cfg.train_cfg.max_iters == cfg.param_scheduler[-1].end == 80000
    assert cfg.train_cfg.val_interval == 8000
    assert cfg.default_hooks.checkpoint.save_best == f'{task}/{best}'
    assert cfg.model.data_preprocessor.size == (512, 512)
    assert cfg.model.test_cfg.mode == 'whole'
    assert 'upocr_mm' in cfg.custom_imports.imports
    assert 'custom_hooks' not in cfg
    assert cfg.default_hooks.preflight.type == 'PreflightHook'
    assert cfg.default_hooks.report.type == 'EvaluationReportHook'
    used = {k: v for k, v in cfg.items() if not k.startswith('task_')}
    assert '_delete_' not in str(used)


@pytest.mark.parametrize('name', TASKS)
def test_data_suit_the_model(name: str, drawn_data: Path, monkeypatch) -> None:
    """Inputs are RGB, normalized by ImageNet's statistics, and not padded;
    targets of tests keep the size of the file."""
    monkeypatch.setenv('UPOCR_DATA', str(drawn_data))
    path, = FOLDER.glob(f'unet*_{name}-512x512.py')
    task, num_classes, _ = TASKS[name]
    cfg = load_config(path)
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    for split in ('train', 'test'):
        packed = DATASETS.build(cfg[f'{split}_dataloader'].dataset)[0]
        bgr = packed['inputs']
        assert bgr.dtype == torch.uint8 and bgr.shape == (3, 512, 512)
        data = preprocessor(
            dict(inputs=[bgr], data_samples=[packed['data_samples']]),
            training=split == 'train')
        mean = torch.tensor([123.675, 116.28, 103.53])[:, None, None]
        std = torch.tensor([58.395, 57.12, 57.375])[:, None, None]
        rgb = bgr.flip(0).float()
        assert torch.allclose(data['inputs'][0], (rgb - mean) / std, atol=1e-5)
        sample, = data['data_samples']
        with Image.open(sample.img_path) as image:
            file_size = image.size[::-1]
        assert sample.task == task and sample.ori_shape == file_size
        size = (512, 512) if split == 'train' else file_size
        labels = sample.gt_sem_seg.data
        assert labels.shape == (1, *size) and labels.dtype == torch.int64
        assert set(labels.unique().tolist()) <= {*range(num_classes), 255}


def test_mim_train_then_test(tmp_path: Path, drawn_data: Path,
                             monkeypatch) -> None:
    """The commands of the table, on synthetic data, with few channels."""
    monkeypatch.setenv('UPOCR_DATA', str(drawn_data))
    config, = FOLDER.glob('unet*_textseg-512x512.py')
    options = [
        '--cfg-options', 'model.backbone.base_channels=4',
        'model.decode_head.in_channels=4', 'model.auxiliary_head.in_channels=8'
    ]
    for split in 'train', 'val', 'test':
        options += [
            f'{split}_dataloader.num_workers=0',
            f'{split}_dataloader.persistent_workers=False'
        ]
    mim('train', 'mmsegmentation', config, '--work-dir', tmp_path / 'train',
        *options, 'train_cfg.max_iters=2', 'train_cfg.val_interval=2',
        'train_dataloader.batch_size=2')
    best = tmp_path / 'train' / 'best_text_segmentation_fgIoU_iter_2.pth'
    output = mim('test', 'mmsegmentation', config, '--checkpoint', best,
                 '--work-dir', tmp_path / 'test', '--show-dir',
                 tmp_path / 'test' / 'pictures', *options)
    found = without_times(scores(tmp_path / 'test'))
    assert set(found) == {
        f'text_segmentation/{score}'
        for score in ('fgIoU', 'P', 'R', 'F', 'F_image')
    }
    assert 'text_segmentation/fgIoU' in output
    assert len(list((tmp_path / 'test/pictures').rglob('*.png'))) == 3
