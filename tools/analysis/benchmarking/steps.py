"""What the worker processes run: one step of a case in one variant."""
from __future__ import annotations
import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Sequence

import cv2
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import DATASETS
from mmseg.structures import SegDataSample

import upocr_mm  # noqa: F401  (registers the model)
from upocr_mm.models import UPOCR
from .cases import Case, Variant
from .plain_model import build_model, draw_plain

Step = Callable[[], Any]


@dataclass(frozen=True)
class Settings:
    """What is the same for all cases.

    Attributes:
        config: File of the configuration.
        device: Of the model.
        threads: Of torch; None leaves them.
        weights: File of the parameters, which :func:`check_outputs` writes.
        data_roots: Folder of the drawn data set of each task.
        cfg_options: Changes of the configuration, as of mmengine.
    """
    config: str
    device: str
    threads: int | None
    weights: str
    data_roots: dict[str, str]
    cfg_options: dict[str, Any]


def start(settings: Settings) -> None:
    """What a process does first."""
    # mmengine lists every parameter that it initialises.
    MMLogger.get_instance('benchmark', log_level='ERROR')
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(0)


def load_config(settings: Settings) -> Config:
    """The configuration, able to run offline and on the drawn data."""
    cfg = Config.fromfile(settings.config)
    cfg.merge_from_dict(settings.cfg_options)
    init_default_scope('mmseg')
    for losses in (cfg.model.get('losses') or {}).values():
        for loss in filter(None, (losses or {}).values()):
            if loss.type == 'VGGFeatureLoss':
                loss.weights = 'random'  # cost as much, need no file
    for task, root in settings.data_roots.items():
        cfg.train_dataloader.dataset.datasets[task].data_root = root
    return cfg


def prepare(settings: Settings, case: Case, variant: Variant) -> Step:
    """Everything that is to be done before the first run.

    Args:
        settings: The same for all cases.
        case: What to do.
        variant: How to do it.

    Returns:
        A function that does one step.
    """
    start(settings)
    cfg = load_config(settings)
    if case.group == 'data':
        return _data_step(cfg, case, variant)
    device = torch.device(settings.device)
    model_cfg = copy.deepcopy(cfg.model)
    if case.group == 'inference':
        model_cfg.losses = None
    weights = torch.load(settings.weights, weights_only=True)
    model = build_model(model_cfg, weights, variant.plain,
                        variant.checkpointing).to(device)
    inputs = torch.rand(case.batch_size, 3, case.size, case.size).to(device)
    if case.group == 'inference':
        return _inference_step(model.eval(), inputs, case, variant)
    return _training_step(model, inputs, cfg.optim_wrapper, case, variant)


def autocast(dtype: str, device: torch.device) -> torch.autocast:
    """Autocast, which float32 leaves out."""
    return torch.autocast(
        device.type,
        # A type that is not allowed would warn although it is not used.
        dtype=torch.bfloat16 if dtype == 'float32' else getattr(torch, dtype),
        enabled=dtype != 'float32')


def draw_function(model: UPOCR, variant: Variant) -> Callable:
    """How a variant gets the answers (inputs, tasks) -> images."""
    draw = partial(draw_plain, model) if variant.plain else model.draw
    return torch.compile(draw) if variant.compiled else draw


def _inference_step(model: UPOCR, inputs: torch.Tensor, case: Case,
                    variant: Variant) -> Step:
    draw, tasks = draw_function(model, variant), list(case.tasks)

    def step() -> list[torch.Tensor]:
        with torch.no_grad(), autocast(variant.dtype, inputs.device):
            return draw(inputs, tasks)

    return step


def _training_step(model: UPOCR, inputs: torch.Tensor, optim_cfg: ConfigDict,
                   case: Case, variant: Variant) -> Step:
    samples = draw_samples(inputs, case.tasks)
    optim_cfg = copy.deepcopy(optim_cfg)
    context = autocast('float32', inputs.device)
    if variant.dtype != 'float32' and inputs.is_cuda:
        optim_cfg.update(type='AmpOptimWrapper', dtype=variant.dtype)
    else:
        # AmpOptimWrapper refuses CPUs.
        optim_cfg.type = 'OptimWrapper'
        optim_cfg.pop('dtype', None)
        optim_cfg.pop('loss_scale', None)
        context = autocast(variant.dtype, inputs.device)
    optim = build_optim_wrapper(model, optim_cfg)
    model.train()

    def step() -> None:
        # `context` first: disabled, it must not hide that of the wrapper
        with context, optim.optim_context(model):
            losses = model.loss(inputs, samples)
        optim.update_params(model.parse_losses(losses)[0])

    return step


def draw_samples(inputs: torch.Tensor,
                 tasks: Sequence[str]) -> list[SegDataSample]:
    """Random labels of every kind for images of the tasks in turn."""
    samples = []
    for i, image in enumerate(inputs):
        mask = torch.rand_like(image[:1]) < 0.2
        sample = SegDataSample(metainfo=dict(task=tasks[i % len(tasks)]))
        sample.gt_image = PixelData(data=torch.rand_like(image))
        sample.gt_text_mask = PixelData(data=mask.to(torch.uint8))
        sample.gt_sem_seg = PixelData(data=mask.long())
        samples.append(sample)
    return samples


class _Repeated(torch.utils.data.Dataset):
    """A data set as one of another length."""

    def __init__(self, dataset: Any, length: int) -> None:
        self.dataset, self.length = dataset, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Any:
        return self.dataset[index % len(self.dataset)]


def _data_step(cfg: Config, case: Case, variant: Variant) -> Step:
    """A pass over the images of one task, as training loads them."""
    dataset_cfg = cfg.train_dataloader.dataset
    for task in dataset_cfg.datasets:
        if task not in case.tasks:
            dataset_cfg.datasets[task] = None
    processes = cfg.get('env_cfg', {}).get('mp_cfg', {})
    threads = processes.get('opencv_num_threads', None)
    if threads is not None:
        cv2.setNumThreads(threads)
    loading = {}
    if variant.workers:
        loading = dict(
            persistent_workers=True,
            multiprocessing_context=processes.get('mp_start_method', None))
    loader = torch.utils.data.DataLoader(
        _Repeated(DATASETS.build(dataset_cfg), case.batch_size),
        collate_fn=pseudo_collate,
        num_workers=variant.workers,
        **loading)

    def step() -> None:
        # Persistent workers load nothing in advance for the next pass.
        for _ in loader:
            pass

    return step
