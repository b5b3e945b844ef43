"""What is measured: cases and the variants in which they run."""
from __future__ import annotations
import argparse
from dataclasses import dataclass
from pathlib import Path

from upocr_mm.synthesis import synthesize_dataset

# What the variants of a group are compared with.
PLAIN = 'plain fp32'
RUNTIMES = ('openvino', 'onnxruntime')
# A variant is a list of words: "plain", a data type, "compiled" (by
# torch.compile), "checkpointed" (activations recomputed in the backward pass)
# or the name of a runtime.
VARIANTS = dict(
    inference=('fp32', 'fp32 compiled', 'bf16'),
    deploy=('openvino fp32', 'openvino bf16', 'openvino int8',
            'onnxruntime fp32'),
    training=('fp32', 'fp32 checkpointed'))
CUDA_VARIANTS = dict(
    inference=('bf16 compiled', 'fp16', 'fp16 compiled', 'plain bf16',
               'plain fp16'),
    training=('bf16', 'bf16 checkpointed', 'bf16 compiled', 'fp16',
              'fp16 checkpointed', 'plain bf16', 'plain fp16'))
GROUPS = (*VARIANTS, 'data', 'loop')
# Height and width of files as the data sets have them: SCUT-EnsText was made
# at 512x512, the others are photographs.
FILE_SIZES = dict(
    text_removal=(512, 512),
    text_segmentation=(1000, 1500),
    tampered_text_detection=(960, 1280))


def variants_of(group: str, args: argparse.Namespace) -> list[str]:
    """The variants of a group on a device, without :data:`PLAIN`."""
    if group not in VARIANTS:
        return [f'{n} worker{"s" * (n != 1)}' for n in args.workers]
    cuda = CUDA_VARIANTS.get(group, ()) if args.device == 'cuda' else ()
    return [*VARIANTS[group], *cuda]


@dataclass(frozen=True)
class Case:
    """What is the same for all variants that are compared.

    Attributes:
        group: One of :data:`GROUPS`.
        tasks: Names of the tasks.
        batch_size: Images of a step.
        size: Side of the images in pixels; of the files for ``data``: None.
    """
    group: str
    tasks: tuple[str, ...]
    batch_size: int
    size: int | None = None

    @property
    def images(self) -> int:
        """Predictions, or samples, of one step."""
        predicts = self.group in ('inference', 'deploy')
        return self.batch_size * (len(self.tasks) if predicts else 1)

    @property
    def name(self) -> str:
        """The case in a few words."""
        if self.group == 'data':
            return self.tasks[0]
        words = f'{len(self.tasks)} task{"s" * (len(self.tasks) > 1)}'
        words += f', batch {self.batch_size}'
        return words + (f', {self.size}' if self.size else '')


def cases_of(group: str, args: argparse.Namespace) -> list[Case]:
    """What a group measures, from the smallest images on."""
    tasks = tuple(args.task_names)
    if group == 'data':
        return [Case(group, (t, ), args.images) for t in args.data_tasks]
    if group == 'loop':
        return [Case(group, tuple(args.data_tasks), args.train_batch)]
    if group == 'training':
        return [Case(group, tasks, args.train_batch, s) for s in args.sizes]
    return [
        Case(group, tasks[:number], batch, size) for size in args.sizes
        for batch in args.batch_sizes for number in args.tasks
    ]


def synthesize_files(folder: Path, args: argparse.Namespace) -> dict[str, str]:
    """Write a data set for each task; their root folders."""
    roots = {}
    for task in args.data_tasks:
        found = synthesize_dataset(
            folder, args.images, 1, FILE_SIZES[task], tasks=[task])
        roots[task] = str(found[task])
    return roots
