from __future__ import annotations
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import load as load_yaml
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, EVALUATOR, MODELS
from mmseg.structures import SegDataSample

CONFIGS = Path(__file__).parent.parent / 'configs'
# Those of MMSegmentation's models are in test_baselines.py.
FILES = sorted(CONFIGS.glob('upocr*/*.py'))
IDS = [path.stem for path in FILES]
COUNTS = dict(upocr=10, upocr_ablation=17)
# Table 10 of the paper, in millions; the nano size is ours.
PARAMETERS = {'n': 9.0, 't': 65.4, 's': 108.2, 'b': 192.0}


def load(path: Path) -> Config:
    cfg = Config.fromfile(path, import_custom_modules=False)
    init_default_scope(cfg.default_scope)
    return cfg


def shrink(cfg: Config) -> None:
    """Few channels and blocks; what else the configuration says stays."""
    cfg.model.backbone.arch = dict(
        embed_dims=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        extra_norm_every_n_blocks=0)
    cfg.model.decode_head.arch = dict(
        embed_dims=64, depths=[1, 1, 1, 1, 1], num_heads=[2, 2, 1, 1, 1])
    for table in cfg.model.losses.values():
        if table and table.get('feature'):
            table.feature.weights = 'random'
    cfg.model.backbone.init_cfg = None  # a download


def labelled(task: str) -> SegDataSample:
    sample = SegDataSample(metainfo=dict(task=task, ori_shape=(40, 30)))
    sample.gt_image = PixelData(data=torch.rand(3, 32, 32))
    sample.gt_text_mask = PixelData(data=torch.ones(1, 32, 32))
    sample.gt_sem_seg = PixelData(data=torch.randint(0, 2, (1, 32, 32)))
    return sample


def test_all_are_found() -> None:
    folders = Counter(path.parent.name for path in FILES)
    assert folders == COUNTS
    assert len(set(IDS)) == len(IDS), 'mim finds configs by their bare name'


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_forward_loss_predict(path: Path) -> None:
    """Builds offline and does one step of each kind on a small input."""
    cfg = load(path)
    shrink(cfg)
    model = MODELS.build(cfg.model)
    model.init_weights()
    samples = [labelled(task) for task in model.tasks]
    inputs = torch.rand(len(samples), 3, 32, 32)
    losses = model(inputs, samples, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    assert {name.split('/')[0] for name in losses} == set(model.tasks)
    assert all(p.grad is not None for p in model.parameters())
    model.eval()
    with torch.no_grad():
        images = model(inputs, samples, mode='tensor')
        results = model(inputs, samples, mode='predict')
    assert [image.shape[-1] for image in images] == [8, 16, 32]
    assert results[0].pred_image.data.shape == (3, 40, 30)


@pytest.mark.parametrize('size', PARAMETERS)
def test_parameters(size: str) -> None:
    # of two recipes of a size that of the paper, which comes last
    name = f'upocr/upocr_swinv2-{size}_[12]x*-[15]*x*[28].py'
    path = max(CONFIGS.glob(name))
    model = MODELS.build(load(path).model)
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    assert round(millions, 1) == PARAMETERS[size]
    models = load_yaml(path.parent / 'metafile.yml')['Models']
    listed, = [m for m in models if m['Name'] == path.stem]
    assert listed['Metadata']['Parameters'] == round(millions * 1e6)
    if size == 's':
        # Section 4.1: the prompts have 2,304 parameters.
        prompts = model.task_prompt.parameters()
        assert sum(p.numel() for p in prompts) == 2304


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_recipe_is_complete(path: Path, tmp_path: Path) -> None:
    """Data sets, evaluators and what validation saves fit together."""
    cfg = load(path)
    for split in 'train', 'val', 'test':
        dataset = cfg[f'{split}_dataloader'].dataset
        children = {k: v for k, v in dataset.datasets.items() if v}
        assert set(children) == set(cfg.model.task_prompt.tasks)
        DATASETS.build(dict(dataset, lazy_init=True))
    for evaluator in cfg.val_evaluator, cfg.test_evaluator:
        built = EVALUATOR.build(evaluator)
        assert set(built.task_metrics) == set(children)
    # the same number of samples of each task
    assert cfg.train_dataloader.batch_size % len(children) == 0
    assert cfg.param_scheduler[0].end == cfg.train_cfg.max_iters
    for name in cfg.default_hooks.checkpoint.save_best:
        assert name.split('/')[0] in children


def test_paper_recipe() -> None:
    """Appendix A.4."""
    cfg = load(CONFIGS / 'upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py')
    assert cfg.train_cfg.max_iters == 80000
    assert cfg.train_dataloader.batch_size * 2 == 48
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.optimizer == dict(
        type='FusedAdamW', lr=5e-4, weight_decay=1e-4)
    schedule = cfg.param_scheduler[0]
    assert schedule.period == 200
    assert cfg.optim_wrapper.optimizer.lr * schedule.end_factor == 1e-5
    backends = [backend.type for backend in cfg.visualizer.vis_backends]
    assert 'TensorboardVisBackend' in backends


def ablation(name: str) -> torch.nn.Module:
    """The model of an ablation, small, built without its weights."""
    path, = CONFIGS.glob(f'upocr_ablation/*_{name}.py')
    cfg = load(path)
    shrink(cfg)
    return MODELS.build(cfg.model)


def prompt_parameters(model: torch.nn.Module) -> dict[str, tuple]:
    return {
        name: tuple(value.shape)
        for name, value in model.task_prompt.named_parameters()
        if not name.endswith('bias')
    }


ENCODER = {
    f'linears.encoder.{i}.weight': (8 * 2**i, 64)
    for i in range(4)
}  # yapf: disable
DECODER = {
    f'linears.decoder.{i}.weight': (32 // 2**i, 64)
    for i in range(5)
}  # yapf: disable


@pytest.mark.parametrize('name, linears', [
    ('prompt-encoder', ENCODER),
    ('prompt-decoder', DECODER),
    ('prompt-encoder-shared', ENCODER),
    ('prompt-shared-decoder', DECODER),
    ('prompt-encoder-decoder', dict(ENCODER, **DECODER)),
    ('prompt-encoder-shared-decoder', dict(ENCODER, **DECODER)),
])
def test_prompt_positions(name: str, linears: dict) -> None:
    """Table 1: each position has linear layers to the stage widths."""
    model = ablation(name)
    prompts = {f'prompts.{task}': (64, ) for task in model.tasks}
    assert prompt_parameters(model) == dict(prompts, **linears)
    # A prompt reaches what comes after its positions and only that.
    feats = model.extract_feat(
        torch.rand(1, 3, 32, 32),
        model.task_prompt(['text_removal']).encoder)
    sum(feat.sum() for feat in feats).backward()
    prompt = model.task_prompt.prompts['text_removal']
    assert (prompt.grad is not None) == ('encoder' in name)
    assert (model.task_prompt(['text_removal']).shared
            is not None) == ('shared' in name)


def test_no_prompt() -> None:
    """Table 13: the same picture whatever the task."""
    model = ablation('no-prompt').eval()
    assert prompt_parameters(model) == {}
    samples = [SegDataSample(metainfo=dict(task=task)) for task in model.tasks]
    inputs = torch.rand(1, 3, 32, 32).expand(3, -1, -1, -1)
    with torch.no_grad():
        first, second, third = model(inputs, samples, mode='tensor')[-1]
    assert torch.allclose(first, second) and torch.allclose(first, third)


@pytest.mark.parametrize('tasks', [
    ('removal', ), ('segmentation', ), ('tampered', ),
    ('removal', 'segmentation'), ('segmentation', 'tampered'),
    ('removal', 'tampered')
])  # yapf: disable
def test_task_subsets(tasks: tuple[str, ...]) -> None:
    """Table 2: prompts, codecs and losses of these tasks only."""
    model = ablation(f'tasks-{"-".join(tasks)}')
    full = dict(
        removal='text_removal',
        segmentation='text_segmentation',
        tampered='tampered_text_detection')
    names = {full[task] for task in tasks}
    assert set(prompt_parameters(model)) == {f'prompts.{n}' for n in names}
    assert set(model.codecs) == set(model.losses) == names


def test_no_feature_loss() -> None:
    """Table 12."""
    model = ablation('no-feature-loss')
    assert list(model.losses['text_removal'].keys()) == ['pixel']


@pytest.mark.parametrize('name', ['segmim', 'viteraser'])
def test_initial_weights(name: str, monkeypatch) -> None:
    """Table 11."""
    monkeypatch.setenv('UPOCR_WEIGHTS', '/weights')
    path, = CONFIGS.glob(f'upocr_ablation/*_init-{name}.py')
    assert load(path).load_from == f'/weights/{name}_small.pth'
    path, = CONFIGS.glob('upocr_ablation/*_init-imagenet.py')
    init_cfg = load(path).model.backbone.init_cfg
    assert init_cfg.prefix == 'backbone.' and init_cfg.type == 'Pretrained'


@pytest.mark.parametrize('folder',
                         ['upocr', 'upocr_ablation', 'baselines', 'examples'])
def test_metafile(folder: str) -> None:
    """Every config is in the metafile of its folder, as mim looks it up."""
    models = load_yaml(CONFIGS / folder / 'metafile.yml')['Models']
    # A dash tells configs from the modules of the examples.
    files = [
        str(path.relative_to(CONFIGS.parent))
        for path in (CONFIGS / folder).glob('*-*.py')
    ]
    assert sorted(model['Config'] for model in models) == sorted(files)
    for model in models:
        assert Path(model['Config']).stem == model['Name']
        assert model['Metadata']['Parameters'] > 1e6
    index = load_yaml(CONFIGS.parent / 'model-index.yml')
    assert f'configs/{folder}/metafile.yml' in index['Import']


def test_recipe_for_one_small_gpu() -> None:
    """Eight batches for a step, and everything that counts them eightfold."""
    paper = load(CONFIGS / 'upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py')
    small = load(CONFIGS / 'upocr/upocr_swinv2-s_1xb6-640k_joint-512x512.py')
    steps = small.optim_wrapper.accumulative_counts
    assert small.train_dataloader.batch_size * steps == 2 * 24
    for key in 'period', 'end':
        assert small.param_scheduler[0].pop(
            key) == steps * paper.param_scheduler[0].pop(key)
    assert small.param_scheduler == paper.param_scheduler
    for key in 'max_iters', 'val_interval':
        assert small.train_cfg[key] == steps * paper.train_cfg[key]
    assert small.model.backbone.with_cp and small.model.decode_head.with_cp
