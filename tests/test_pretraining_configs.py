"""The configs of SegMIM and ViTEraser."""
from __future__ import annotations
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmpretrain import __path__ as MMPRETRAIN
from mmseg.registry import DATASETS, EVALUATOR, MODELS, PARAM_SCHEDULERS
from mmseg.structures import SegDataSample
from pretraining_run import DECODER, ENCODER

CONFIGS = Path(__file__).parent.parent / 'configs'
FILES = sorted([*CONFIGS.glob('segmim/*.py'), *CONFIGS.glob('viteraser/*.py')])
IDS = [path.stem for path in FILES]
SIZES = dict(n='nano', t='tiny', s='small', b='base')


def load(path: Path) -> Config:
    cfg = Config.fromfile(path, import_custom_modules=False)
    init_default_scope(cfg.default_scope)
    return cfg


def recipe(name: str) -> Config:
    path, = CONFIGS.glob(f'*/{name}_*.py')
    return load(path)


def size_of(path: Path) -> str:
    return SIZES[path.stem.split('swinv2-')[1][0]]


def test_all_are_found() -> None:
    assert len(FILES) == 12
    stages = {path.stem.split('_')[0] for path in FILES}
    assert stages == {'segmim', 'segmim-encoder', 'viteraser'}


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_loss(path: Path) -> None:
    """Small, each builds offline and trains every parameter that it may."""
    cfg = load(path)
    assert cfg.model.backbone.arch == cfg.model.decode_head.arch
    assert cfg.model.backbone.arch == size_of(path)
    cfg.model.backbone.update(arch=ENCODER, init_cfg=None)
    cfg.model.decode_head.arch = DECODER
    side = 32
    if cfg.model.type == 'ViTEraser':
        cfg.model.discriminator.channels = (8, 8, 8)
        if cfg.model.losses.text_removal.feature:
            cfg.model.losses.text_removal.feature.weights = 'random'
    model = MODELS.build(cfg.model)
    model.init_weights()
    sample = SegDataSample(metainfo=dict(task='text_removal'))
    sample.gt_image = PixelData(data=torch.rand(3, side, side))
    sample.gt_text_mask = PixelData(data=torch.ones(1, side, side))
    sample.masked_cells = PixelData(data=torch.ones(1, 1, 1))
    losses = model(torch.rand(1, 3, side, side), [sample], mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    for name, p in model.named_parameters():
        assert (p.grad is not None) == p.requires_grad, name


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_recipe_is_complete(path: Path, monkeypatch) -> None:
    monkeypatch.setenv('UPOCR_WEIGHTS', '/weights')
    cfg = load(path)
    dataset = DATASETS.build(
        dict(cfg.train_dataloader.dataset, lazy_init=True))
    sizes = {
        tuple(step.size)
        for step in cfg.train_dataloader.dataset.pipeline
        if step.type == 'PairedResize'
    }
    assert sizes == {(128, 128) if '-n_' in path.stem else (512, 512)}
    stage = path.stem.split('_')[0]
    steps = [s['type'] for s in cfg.train_dataloader.dataset.pipeline]
    assert ('RandomCellMask' in steps) == (stage == 'segmim')
    name = size_of(path)
    assert cfg.load_from == dict({
        'segmim': None,
        'segmim-encoder': f'/weights/segmim_{name}_stage1.pth',
        'viteraser': f'/weights/segmim_{name}.pth'
    })[stage]
    if stage == 'viteraser':
        assert dataset.tasks == ['text_removal']
        assert EVALUATOR.build(cfg.val_evaluator).task_metrics
        assert cfg.model_wrapper_cfg == dict(type='SameStartWrapper')
        assert cfg.param_scheduler[0].end == cfg.train_cfg.max_iters
    else:
        assert len(dataset.tasks) == 1
        assert 'val_dataloader' not in cfg
    # schedules end with the training or before it
    for schedule in cfg.param_scheduler:
        assert schedule.get('end', 0) <= cfg.train_cfg.max_iters
        assert not schedule.by_epoch


def rates(cfg: Config, steps: list[int]) -> list[float]:
    """Learning rates of the schedules of a config, at some steps."""
    parameter = torch.nn.Parameter(torch.ones(1))
    wrapper = cfg.optim_wrapper.get('generator', cfg.optim_wrapper)
    optimizer = torch.optim.SGD([parameter], lr=wrapper.optimizer.lr)
    schedules = [
        PARAM_SCHEDULERS.build(dict(s, optimizer=optimizer))
        for s in cfg.param_scheduler
    ]
    found = {}
    for step in range(max(steps) + 1):
        if step in steps:
            found[step] = optimizer.param_groups[0]['lr']
        for schedule in schedules:
            schedule.step()
    return [found[step] for step in steps]


def test_schedule_of_the_first_stage() -> None:
    cfg = recipe('segmim_swinv2-s')
    assert cfg.train_dataloader.batch_size * 4 == 64
    assert cfg.optim_wrapper.clip_grad.max_norm == 5
    assert rates(cfg, [0, 1340, 107199, 107200, 133999]) == pytest.approx(
        [5e-7, 1e-4, 1e-4, 1e-5, 1e-5], rel=1e-6)


def test_schedule_of_the_second_stage() -> None:
    cfg = recipe('segmim-encoder_swinv2-s')
    first, top, last = rates(cfg, [0, 5360, 26799])
    assert first == pytest.approx(2.5e-7) and top == pytest.approx(1.25e-3)
    assert last == pytest.approx(2.5e-7, rel=0.1)
    assert cfg.model.backbone.drop_path_rate == 0.1
    assert cfg.model.reconstruction_loss is None


def test_schedule_of_viteraser() -> None:
    """max(i * lr / epochs, 1e-5) for i = epochs - warmup - 1 ... 0."""
    cfg = recipe('viteraser_swinv2-s')
    assert cfg.train_dataloader.batch_size * 2 == 16
    steps = [172 * epoch for epoch in (0, 5, 10, 11, 200, 299)]
    assert rates(cfg, steps) == pytest.approx([
        1e-4, 3e-4, 289 / 300 * 5e-4, 288 / 300 * 5e-4, 99 / 300 * 5e-4, 1e-5
    ],
                                              rel=1e-6)
    assert 'clip_grad' not in cfg.optim_wrapper.generator


@pytest.mark.parametrize('name', ['segmim', 'segmim-encoder'])
def test_optimizer_of_segmim(name: str) -> None:
    """The settings that were compared with the reference."""
    cfg = recipe(f'{name}_swinv2-s')
    cfg.model.backbone.update(arch=ENCODER, init_cfg=None)
    cfg.model.decode_head.arch = DECODER
    model = MODELS.build(cfg.model)
    wrapper = dict(cfg.optim_wrapper, type='OptimWrapper')
    groups = build_optim_wrapper(model, wrapper).optimizer.param_groups
    names = {id(p): key for key, p in model.named_parameters()}
    decays, scales = {}, {}
    for group in groups:
        for p in group['params']:
            decays[names[id(p)]] = group['weight_decay']
            scales[names[id(p)]] = group['lr'] / wrapper['optimizer']['lr']
    assert set(decays) == {
        k
        for k, p in model.named_parameters() if p.requires_grad
    }
    for key, p in model.named_parameters():
        if p.requires_grad:
            free = p.ndim == 1 or name == 'segmim' and any(
                word in key for word in ('cpb_mlp', 'logit_scale'))
            assert decays[key] == (0 if free else 0.05), key
    merging = 'backbone.stages.1.downsample.reduction.weight'
    expected = dict.fromkeys(scales, 1.)
    if name == 'segmim-encoder':  # 1 + 1 + 1 + 2 blocks
        assert scales['text_head.conv.weight'] == 1
        assert scales['backbone.norm3.weight'] == 1
        assert scales['backbone.patch_embed.projection.weight'] == (
            pytest.approx(0.75**6))
        assert scales[merging] == pytest.approx(0.75**5)
        assert scales['backbone.stages.3.blocks.1.norm1.weight'] == (
            pytest.approx(0.75))
    else:
        assert scales == expected


@pytest.mark.parametrize('size', 'tsb')
def test_imagenet(size: str) -> None:
    """Each size starts from the file that mmpretrain lists for it."""
    init_cfg = recipe(f'segmim_swinv2-{size}').model.backbone.init_cfg
    text = Path(MMPRETRAIN[0],
                '.mim/configs/swin_transformer_v2/metafile.yml').read_text()
    name = init_cfg.checkpoint.rsplit('/', 1)[-1]
    assert name in text
    assert name.startswith(f'swinv2-{SIZES[size]}-w8_3rdparty_in1k-256px')
