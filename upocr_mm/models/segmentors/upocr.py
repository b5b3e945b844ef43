from __future__ import annotations
from contextlib import nullcontext
from typing import Callable, Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import ModuleDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS, TASK_UTILS
from mmseg.structures import SegDataSample

from ...utils import UsageError
from ..fields import build_part
from .base_image_to_image import BaseImageToImage

DTYPES = ('float32', 'bfloat16', 'float16')


@MODELS.register_module()
class UPOCR(BaseImageToImage):
    """Unified pixel-level OCR: an RGB image in, an RGB image out.

    UPOCR (Peng et al., ICML 2024), section 3. An encoder extracts features
    common to all tasks, the prompt of a task is added to the last of them, and
    a decoder predicts the image of that task. Each sample names its task in
    the metainfo ``task``; samples of different tasks mix freely in a batch.

    This class is wiring only. What a task is stands in the configuration,
    keyed by its name: its prompt, its codec (labels to RGB and back) and its
    losses.

    Args:
        backbone: The encoder; four features of strides 4, 8, 16 and 32. Any
            backbone of MMSegmentation or mmpretrain with such features works;
            ``decode_head.in_channels`` then names their channels.
        decode_head: The decoder; images at 1/4, 1/2 and full size.
        task_prompt: The prompts, with the names of the tasks.
        codecs: For each task the codec of its labels. A task that is None,
            here or in ``losses``, is disabled.
        losses: For each task its losses, by name. None or a missing entry
            leaves out a loss; a task without any cannot be trained.
        trainable: Name prefixes of the parameters that are trained, for
            instance ``['task_prompt.prompts.my_task']``. All others are
            frozen, and their modules stay in evaluation mode. None trains
            everything.
        test_cfg: How predictions are computed: ``dtype``, ``'float32'``,
            ``'bfloat16'`` or ``'float16'`` (on CPUs not with torch 2.1), the
            type of autocast; ``compile``, True or a dict of arguments of
            ``torch.compile``. By default float32, not compiled.
        data_preprocessor: See :class:`ImageToImageDataPreprocessor`.
        init_cfg: Initialization as in mmengine.
        train_cfg: None; ``mmseg.apis.init_model`` sets it.
        pretrained: The same.

    Raises:
        ValueError: ``train_cfg`` or ``pretrained`` is not None, a task has no
            codec, or a codec or loss no prompt,
            ``trainable`` names what is not there, ``test_cfg`` has an
            unknown entry, encoder and decoder are of different sizes, or the
            encoder has no place for the prompts that are to be added there,
            or a part refuses its arguments; the message names the field.
    """

    def __init__(self,
                 backbone: dict,
                 decode_head: dict,
                 task_prompt: dict,
                 codecs: dict[str, dict],
                 losses: dict[str, dict[str, dict | None]] | None = None,
                 trainable: Sequence[str] | None = None,
                 test_cfg: dict | None = None,
                 data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None,
                 train_cfg: None = None,
                 pretrained: None = None) -> None:
        super().__init__(backbone, decode_head, data_preprocessor, init_cfg)
        for name, value in (('train_cfg', train_cfg), ('pretrained',
                                                       pretrained)):
            if value is not None:
                raise UsageError(
                    f'model.{name} is not used and must be None, but got '
                    f'{value!r}; weights to start from are named by '
                    'load_from, or init_cfg of a part of the model')
        self.test_cfg = _checked_test_cfg(test_cfg or {})
        self._compiled: Callable | None = None
        self.task_prompt = build_part(
            MODELS,
            dict(
                channels=self.decode_head.embed_dims,
                encoder_channels=self.encoder_channels,
                decoder_channels=self.decode_head.stage_channels,
                **task_prompt), 'model')
        if (not self.encoder_channels
                and 'encoder' in self.task_prompt.positions):
            raise UsageError(
                "model.task_prompt.positions names 'encoder', but "
                f'{type(self.backbone).__name__} has no place for prompts; '
                "use 'shared' or 'decoder', or PromptedSwinTransformerV2")
        codecs, losses = _without_none(codecs), _without_none(losses or {})
        for name, table in (('codecs', codecs), ('losses', losses)):
            unknown = sorted(set(table) - set(self.tasks))
            if unknown:
                raise UsageError(
                    f'model.{name} names the tasks {unknown}, which are not '
                    f'in model.task_prompt.tasks {self.tasks}')
        missing = [task for task in self.tasks if task not in codecs]
        if missing:
            raise UsageError(
                f'model.codecs has no entry for the tasks {missing}')
        self.codecs = {
            task: build_part(TASK_UTILS, codecs[task], f'model.codecs.{task}')
            for task in self.tasks
        }
        # mmengine's, which hands init_weights() on
        self.losses = ModuleDict({
            task: ModuleDict({
                name: build_part(MODELS, cfg, f'model.losses.{task}.{name}')
                for name, cfg in (table or {}).items() if cfg is not None
            })
            for task, table in losses.items()
        })  # yapf: disable
        if trainable is not None:
            self._freeze_all_but(trainable)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that the model has prompts for."""
        return self.task_prompt.tasks

    @property
    def task_meta(self) -> dict:
        """What belongs to the weights and is not among them.

        Returns:
            The ``tasks``, and the ``palettes`` (RGB, 0 to 255) of those whose
            classes have colors.
        """
        return dict(
            tasks=list(self.tasks),
            palettes={
                task: codec.palette.mul(255).round().int().tolist()
                for task, codec in self.codecs.items()
                if hasattr(codec, 'palette')
            })

    def _freeze_all_but(self, trainable: Sequence[str]) -> None:
        names = [name for name, _ in self.named_parameters()]
        for prefix in trainable:
            if not any(name.startswith(prefix) for name in names):
                raise UsageError(f'model.trainable names {prefix!r}, but no '
                                 'parameter of the model has this prefix')
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith(tuple(trainable)))

    def train(self, mode: bool = True) -> UPOCR:
        """Switch between training and evaluation.

        What is frozen stays in evaluation mode, without stochastic depth.
        """
        super().train(mode)
        if mode:
            _eval_frozen(self)
        return self

    def extract_feat(
            self,
            inputs: torch.Tensor,
            prompts: Sequence[torch.Tensor] | None = None
    ) -> list[torch.Tensor]:
        """Features, common to all tasks unless the encoder is prompted.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1]; H and W multiples of 32.
            prompts: Vectors added in the encoder, or None.

        Returns:
            Four features of strides 4 to 32; the last one is projected.

        Raises:
            ValueError: The features are not those that the head takes.
        """
        return self.project(
            self.encoder_feats(inputs, *([prompts] if prompts else [])))

    def encode_decode(self, inputs: torch.Tensor,
                      tasks: Sequence[str]) -> list[torch.Tensor]:
        """Compute the output images.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1], any H and W: they are
                padded by their border pixels and the outputs cropped.
            tasks: Task of each of the N images. Further tasks of the same
                images may follow, N at a time: names of M = k * N tasks. They
                share what does not depend on the task.

        Returns:
            Images of shape (M, 3, ceil(H/4), ceil(W/4)), (M, 3, ceil(H/2),
            ceil(W/2)) and (M, 3, H, W), RGB, not clamped, for the M tasks.

        Raises:
            ValueError: A task has no prompt, or the number of tasks is no
                multiple of that of the images.
        """
        images = self.decode_head(*self.encode(inputs, tasks))
        return self.crop(images, inputs, (4, 2, 1))

    def encode(
        self, inputs: torch.Tensor, tasks: Sequence[str]
    ) -> tuple[list[torch.Tensor], list[torch.Tensor] | None]:
        """What the decoder takes: features with their prompts, and its own.

        Args:
            inputs: See :meth:`encode_decode`.
            tasks: The same.

        Returns:
            Features of strides 4 to 32 of the padded inputs, the last one
            for the M tasks, and the prompts of the decoder or None.

        Raises:
            ValueError: See :meth:`encode_decode`.
        """
        if not tasks or len(tasks) % len(inputs):
            raise ValueError(
                f'the number of tasks ({len(tasks)}) must be a multiple of '
                f'that of the images ({len(inputs)})')
        prompts = self.task_prompt(tasks)
        if prompts.encoder is not None:
            inputs = inputs.repeat(len(tasks) // len(inputs), 1, 1, 1)
        *shortcuts, last = self.extract_feat(self.pad(inputs), prompts.encoder)
        last = torch.cat([last] * (len(tasks) // len(last)))
        if prompts.shared is not None:
            last = last + prompts.shared[:, :, None, None]
        return [*shortcuts, last], prompts.decoder

    @torch.no_grad()
    def predict_tasks(self, inputs: torch.Tensor,
                      tasks: Sequence[str]) -> list[torch.Tensor]:
        """Predict the images of several tasks for each input.

        The inputs pass through the encoder and the lateral connections once,
        whatever the number of tasks (unless prompts are added in the
        encoder).

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1], any H and W.
            tasks: Names of tasks.

        Returns:
            For each task float32 images of shape (N, 3, H, W), RGB, not
            clamped, without gradients.

        Raises:
            ValueError: A task has no prompt, or none is named, or the inputs
                are not as described.
        """
        if isinstance(tasks, str) or not tasks:
            raise ValueError(f'tasks must be a list of some of '
                             f'{list(self.tasks)}, but got {tasks!r}')
        if (not isinstance(inputs, torch.Tensor)
                or not inputs.is_floating_point() or inputs.ndim != 4
                or inputs.shape[1] != 3):
            found = [str(getattr(inputs, name, type(inputs).__name__))
                     for name in ('dtype', 'shape')]  # yapf: disable
            raise ValueError(
                'inputs must be a floating-point tensor of shape (N, 3, H, '
                f'W), but got {found[0]} of shape {found[1]}')
        per_image = [task for task in tasks for _ in range(len(inputs))]
        return list(self._predict_images(inputs, per_image).split(len(inputs)))

    def _predict_images(self, inputs: torch.Tensor,
                        tasks: Sequence[str]) -> torch.Tensor:
        """The full-size images, computed as ``test_cfg`` says."""
        compute = self.encode_decode
        if self.test_cfg['compile']:
            if self._compiled is None:
                options = self.test_cfg['compile']
                self._compiled = torch.compile(
                    compute, **({} if options is True else options))
            compute = self._compiled
        dtype, context = self.test_cfg['dtype'], nullcontext()
        if dtype != 'float32':
            context = torch.autocast(inputs.device.type, getattr(torch, dtype))
        with context:
            image = compute(inputs, tasks)[-1]
        return image.to(torch.promote_types(image.dtype, torch.float32))

    def _forward(
        self,
        inputs: torch.Tensor,
        data_samples: Sequence[SegDataSample] | None = None
    ) -> list[torch.Tensor]:
        """The raw output images; see :meth:`encode_decode`."""
        return self.encode_decode(inputs, self._tasks_of(inputs, data_samples))

    def loss(self, inputs: torch.Tensor,
             data_samples: Sequence[SegDataSample]) -> dict[str, torch.Tensor]:
        """Losses of a batch, each task's over its own samples.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1].
            data_samples: Samples with their task and its labels.

        Returns:
            Scalars named ``<task>/loss_<what>``; mmengine adds them up.

        Raises:
            ValueError: A sample has a task that the model does not know, or
                one without losses.
        """
        tasks = self._tasks_of(inputs, data_samples)
        preds = self.encode_decode(inputs, tasks)
        losses = {}
        for task in self.tasks:
            indices = [i for i, name in enumerate(tasks) if name == task]
            if not indices:
                continue
            if task not in self.losses or not self.losses[task]:
                raise ValueError(f'the configuration has no losses for the '
                                 f'task {task!r} (model.losses)')
            target = self.codecs[task].encode(
                [data_samples[i] for i in indices])
            index = torch.tensor(indices).to(inputs.device, non_blocking=True)
            task_preds = [pred[index] for pred in preds]
            for module in self.losses[task].values():
                for name, value in module(task_preds, target,
                                          inputs[index]).items():
                    losses[f'{task}/{name}'] = value
        return losses

    @torch.no_grad()
    def predict(self, inputs: torch.Tensor,
                data_samples: Sequence[SegDataSample]) -> list[SegDataSample]:
        """Predict at the original size of the images, without gradients.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1].
            data_samples: Samples with their task and, where the pipeline
                resized the image, ``ori_shape``.

        Returns:
            The samples, with ``pred_image`` (3, H, W), float32 RGB in [0, 1],
            and, for tasks with classes, ``pred_sem_seg`` (1, H, W), int64.
        """
        tasks = self._tasks_of(inputs, data_samples)
        images = self._predict_images(inputs, tasks).clamp(0, 1)
        for image, sample, task in zip(images, data_samples, tasks):
            ori_shape = tuple(sample.get('ori_shape', image.shape[1:]))
            if ori_shape != tuple(image.shape[1:]):
                image = F.interpolate(
                    image[None],
                    size=ori_shape,
                    mode='bilinear',
                    align_corners=False)[0]
            sample.pred_image = PixelData(data=image)
            classes = self.codecs[task].decode(image)
            if classes is not None:
                sample.pred_sem_seg = PixelData(data=classes)
        return list(data_samples)

    def _tasks_of(self, inputs: torch.Tensor,
                  data_samples: Sequence[SegDataSample] | None) -> list[str]:
        tasks = [
            sample.get('task', None)
            for sample in data_samples or [None] * len(inputs)
            if sample is not None
        ]
        if len(self.tasks) == 1:
            # `mmseg.apis.inference_model` names none
            tasks = [task or self.tasks[0] for task in tasks]
        if len(tasks) != len(inputs) or None in tasks:
            raise ValueError(
                'every image needs a data sample whose metainfo names its '
                f'task, one of {list(self.tasks)}; for pictures alone use '
                'upocr_mm.apis.UPOCRInferencer')
        return tasks


def _eval_frozen(module: nn.Module) -> None:
    """Evaluation mode for the modules whose parameters are all frozen."""
    parameters = list(module.parameters())
    if parameters and not any(p.requires_grad for p in parameters):
        module.eval()
        return
    for child in module.children():
        _eval_frozen(child)


def _checked_test_cfg(test_cfg: dict) -> dict:
    cfg = dict(dict(dtype='float32', compile=False), **test_cfg)
    if set(cfg) != {'dtype', 'compile'}:
        raise UsageError("model.test_cfg may have the entries 'dtype' and "
                         f"'compile', but got {sorted(test_cfg)}")
    if cfg['dtype'] not in DTYPES:
        raise UsageError(f'model.test_cfg.dtype must be one of {DTYPES}, but '
                         f'got {cfg["dtype"]!r}')
    if not isinstance(cfg['compile'], (bool, dict)):
        raise UsageError('model.test_cfg.compile must be True, False or a '
                         'dict of arguments of torch.compile, but got '
                         f'{cfg["compile"]!r}')
    return cfg


def _without_none(table: dict) -> dict:
    return {key: value for key, value in table.items() if value is not None}
