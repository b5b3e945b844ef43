from __future__ import annotations
import hashlib
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import load as load_yaml
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmpretrain import __path__ as MMPRETRAIN
from mmseg.registry import DATASETS, EVALUATOR, MODELS
from mmseg.structures import SegDataSample

CONFIGS = Path(__file__).parent.parent / 'configs'
# Those of MMSegmentation's models are in test_baselines.py.
FILES = sorted(CONFIGS.glob('upocr*/*.py'))
IDS = [path.stem for path in FILES]
COUNTS = dict(upocr=15, upocr_ablation=16)
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


def labeled(task: str) -> SegDataSample:
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
    samples = [labeled(task) for task in model.tasks]
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
    name = 'synthetic-128x128' if size == 'n' else '80k_joint-512x512'
    path, = CONFIGS.glob(f'upocr/upocr_swinv2-{size}_*{name}.py')
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
        built = DATASETS.build(dict(dataset, lazy_init=True))
        if split != 'train':
            evaluator = EVALUATOR.build(cfg[f'{split}_evaluator'])
            evaluator.dataset_meta = built.metainfo
            assert set(evaluator.task_metrics) == set(children)
    # whole numbers of samples of each task
    shares = cfg.train_dataloader.batch_sampler.get('task_ratio',
                                                    dict.fromkeys(children, 1))
    assert set(shares) == set(children)
    assert cfg.train_dataloader.batch_size % sum(shares.values()) == 0
    # the stages before the last have a warm-up alone
    length = 100 if '-stage-128' in path.stem else cfg.train_cfg.max_iters
    assert cfg.param_scheduler[0].end == length
    assert {
        name.split('/')[0]
        for name in cfg.default_hooks.checkpoint.save_best
    } >= set(children)
    # every hook of ours has a name for `--cfg-options`
    assert 'custom_hooks' not in cfg
    assert {
        name: cfg.default_hooks[name].type
        for name in ('preflight', 'exact_resume', 'task_meta', 'report',
                     'tf32')
    } == dict(
        preflight='PreflightHook',
        exact_resume='ExactResumeHook',
        task_meta='TaskMetaHook',
        report='EvaluationReportHook',
        tf32='TF32Hook')
    assert cfg.default_hooks.tf32.enabled is False


def test_paper_recipe() -> None:
    """Appendix A.4."""
    cfg = load(CONFIGS / 'upocr/upocr_swinv2-s_2xb24-80k_joint-512x512.py')
    assert cfg.train_cfg.max_iters == 80000
    assert cfg.train_dataloader.batch_size * 2 == 48
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.optimizer == dict(
        type='AdamW', lr=5e-4, weight_decay=1e-4)
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
    for other in (second, third):
        # Of single pixels a CPU may round otherwise at another place of the
        # batch, and untrained weights amplify it.
        assert (first - other).abs().mean() < 1e-5


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


@pytest.mark.parametrize('path', FILES, ids=IDS)
def test_initial_weights(path: Path, monkeypatch) -> None:
    """The paper starts from ViTEraser of the size, Table 11 from others; what
    is for tests, for CPUs or called scratch needs no file."""
    monkeypatch.setenv('UPOCR_WEIGHTS', '/weights')
    size = dict(n='nano', t='tiny', s='small', b='base')[path.stem[13]]
    expected = f'/weights/viteraser_{size}.pth'
    for word in ('released', 'synthetic', 'on-the-fly', 'stage', 'scratch',
                 'init-imagenet'):
        if word in path.stem:
            expected = None
    if 'init-segmim' in path.stem:
        expected = '/weights/segmim_small.pth'
    assert load(path).load_from == expected


def test_imagenet() -> None:
    """Table 11: the file is one that mmpretrain lists; its windows are of 8.
    """
    path, = CONFIGS.glob('upocr_ablation/*_init-imagenet.py')
    backbone = load(path).model.backbone
    assert backbone.init_cfg.prefix == 'backbone.'
    assert backbone.init_cfg.type == 'Pretrained'
    assert tuple(backbone.pretrained_window_sizes) == (8, 8, 8, 8)
    listed = load_yaml(
        Path(MMPRETRAIN[0],
             '.mim/configs/swin_transformer_v2/metafile.yml'))['Models']
    model, = [
        m for m in listed if m['Name'] == 'swinv2-small-w8_3rdparty_in1k-256px'
    ]
    # The two stacks have it at two hosts.
    name = model['Weights'].split('/mmclassification/')[1]
    assert backbone.init_cfg.checkpoint.endswith(name)
    assert 'swinv2_small_patch4_window8_256' in (
        model['Converted From']['Weights'])


@pytest.mark.parametrize('name, identity',
                         [('upocr_swinv2-n_1xb6-600_synthetic-128x128', False),
                          ('upocr_swinv2-s_2xb24-80k_scratch-512x512', True)])
def test_blocks_that_start_as_the_identity(name: str, identity: bool) -> None:
    """As in the authors' runs; a short training would learn too slowly."""
    cfg = load(CONFIGS / 'upocr' / f'{name}.py')
    cfg.model.backbone.arch = cfg.model.decode_head.arch = 'nano'
    cfg.model.losses = None
    model = MODELS.build(cfg.model)
    model.init_weights()
    for part in model.backbone, model.decode_head:
        weights = [
            value for key, value in part.state_dict().items()
            if key.endswith('.norm2.weight')
        ]
        assert weights
        assert all((w == 0).all() for w in weights) == identity


def test_imagenet_weights_fit(tmp_path: Path) -> None:
    """Weights trained with windows of 8 start the encoder with windows of 16.
    """
    path, = CONFIGS.glob('upocr_ablation/*_init-imagenet.py')
    cfg = load(path)
    init_cfg = cfg.model.backbone.init_cfg
    shrink(cfg)
    classifier = MODELS.build(
        dict(
            type='mmpretrain.SwinTransformerV2',
            arch=cfg.model.backbone.arch,
            window_size=8,
            img_size=256))
    classifier.init_weights()
    state = {f'backbone.{k}': v for k, v in classifier.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'imagenet.pth')
    cfg.model.backbone.init_cfg = dict(
        init_cfg, checkpoint=str(tmp_path / 'imagenet.pth'))
    model = MODELS.build(cfg.model)
    model.init_weights()
    found = model.backbone.state_dict()
    for name, value in classifier.state_dict().items():
        if 'relative_' not in name:
            assert torch.equal(found[name], value), name
    # log-spaced coordinates, 8 of the pre-training = position 7 of 0 to 7
    tables = [v for k, v in found.items() if k.endswith('coords_table')]
    assert tables[0].shape == (1, 31, 31, 2)
    assert tables[0].max() > 1


@pytest.mark.parametrize('folder', [
    'upocr', 'upocr_ablation', 'segmim', 'viteraser', 'baselines', 'examples'
])
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


ALL_SCORES = CONFIGS / 'evaluation' / 'all_scores.py'


@pytest.mark.parametrize('name', [None, 'upocr_swinv2-t_released-512x512'])
def test_all_scores(name: str | None, monkeypatch) -> None:
    """One config adds them to any other; it is no model of its own."""
    if name is not None:
        monkeypatch.setenv('UPOCR_CONFIG', str(CONFIGS / f'upocr/{name}.py'))
    base = load(CONFIGS / 'upocr' /
                f'{name or "upocr_swinv2-s_2xb24-80k_joint-512x512"}.py')
    cfg = load(ALL_SCORES)
    assert cfg.model == base.model
    assert cfg.test_dataloader == base.test_dataloader
    assert cfg.val_evaluator == base.val_evaluator
    metrics = cfg.test_evaluator.metrics
    assert [metric.type for metric in metrics.text_removal
            ] == ['TextRemovalMetric', 'FIDMetric', 'TextDetectionMetric']
    assert metrics.tampered_text_detection.boxes
    for file in CONFIGS.rglob('metafile.yml'):
        assert 'all_scores' not in file.read_text()


def test_weights_are_files() -> None:
    """`mim download` fetches `Weights`, so that none may be a web page; those
    of the package are named by their hash."""
    for file in CONFIGS.rglob('metafile.yml'):
        for model in load_yaml(file)['Models']:
            weights = model.get('Weights', 'https://none.pth')
            if '://' in weights:
                assert weights.endswith(('.pth', '.safetensors'))
                continue
            content = Path(CONFIGS.parent, weights).read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            assert digest == model['Metadata']['SHA256']
            assert weights.endswith(f'-{digest[:8]}.safetensors')
            assert len(content) <= 20e6
