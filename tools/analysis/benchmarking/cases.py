"""The cases and variants that are measured."""
from __future__ import annotations
from dataclasses import dataclass
from typing import Sequence

GROUPS = ('inference', 'training', 'data', 'loop')


@dataclass(frozen=True)
class Variant:
    """One way to do what a case asks for.

    Attributes:
        name: As in the table.
        plain: By the plain path; see :mod:`plain_model`.
        dtype: Type of autocast; ``'float32'`` for none.
        compiled: By ``torch.compile``.
        checkpointing: Blocks are recomputed in the backward pass.
        workers: Processes that load data.
    """
    name: str
    plain: bool = False
    dtype: str = 'float32'
    compiled: bool = False
    checkpointing: bool = False
    workers: int = 0


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
        """Answers, or samples, of one step."""
        each = len(self.tasks) if self.group == 'inference' else 1
        return self.batch_size * each


# What the variants of a group are compared with.
PLAIN = Variant('plain fp32', plain=True)
INFERENCE = (
    Variant('fp32'),
    Variant('compiled', compiled=True),
    Variant('bf16', dtype='bfloat16'),
)
INFERENCE_CUDA = (
    Variant('fp16', dtype='float16'),
    Variant('plain bf16', plain=True, dtype='bfloat16'),
    Variant('plain fp16', plain=True, dtype='float16'),
)
TRAINING = (
    Variant('fp32'),
    Variant('fp32 checkpointed', checkpointing=True),
    Variant('bf16', dtype='bfloat16'),
    Variant('bf16 checkpointed', dtype='bfloat16', checkpointing=True),
)
TRAINING_CUDA = (
    Variant('fp16', dtype='float16'),
    Variant('fp16 checkpointed', dtype='float16', checkpointing=True),
    Variant('plain bf16', plain=True, dtype='bfloat16'),
    Variant('plain fp16', plain=True, dtype='float16'),
)


def variants_of(group: str, device: str) -> tuple[Variant, ...]:
    """The variants of ``inference`` or ``training`` but the reference."""
    cuda = device.startswith('cuda')
    if group == 'inference':
        return INFERENCE + (INFERENCE_CUDA if cuda else ())
    return TRAINING + (TRAINING_CUDA if cuda else ())


def inference_cases(tasks: Sequence[str], num_tasks: Sequence[int],
                    batch_sizes: Sequence[int],
                    sizes: Sequence[int]) -> list[Case]:
    """All combinations, from the smallest images on."""
    return [
        Case('inference', tuple(tasks[:number]), batch_size, size)
        for size in sizes for batch_size in batch_sizes for number in num_tasks
    ]


def training_cases(tasks: Sequence[str], batch_size: int,
                   sizes: Sequence[int]) -> list[Case]:
    """A batch that goes through the tasks in turn."""
    return [Case('training', tuple(tasks), batch_size, size) for size in sizes]


def data_cases(tasks: Sequence[str], images: int) -> list[Case]:
    """A pass over each data set; ``images`` are those of one pass."""
    return [Case('data', (task, ), images) for task in tasks]


def worker_variants(workers: Sequence[int]) -> list[Variant]:
    """One variant for each number of loading processes."""
    return [
        Variant(f'{n} worker{"" if n == 1 else "s"}', workers=n)
        for n in workers
    ]
