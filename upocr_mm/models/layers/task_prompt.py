from __future__ import annotations
from typing import NamedTuple, Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule, ModuleList
from mmseg.registry import MODELS

from ..fields import require_weights

POSITIONS = ('encoder', 'shared', 'decoder')


class PromptVectors(NamedTuple):
    """What is added to every pixel of the features of N samples.

    Attributes:
        encoder: A vector (N, C_i) for the output of each encoder stage, or
            None if nothing is added there.
        shared: The prompt (N, C) for the feature between encoder and decoder,
            or None.
        decoder: A vector (N, C_i) for the output of each decoder stage, or
            None.
    """
    encoder: list[torch.Tensor] | None = None
    shared: torch.Tensor | None = None
    decoder: list[torch.Tensor] | None = None


@MODELS.register_module()
class TaskPrompt(BaseModule):
    """Learnable vector for each task, to be added to every pixel of features.

    UPOCR, section 3.2 and appendix A.1, "Task Prompt Insertion". A prompt is
    stored under the name of its task (``prompts.text_removal``), so that a
    checkpoint whose tasks come in another order cannot swap them.

    Args:
        tasks: Names of the tasks.
        channels: Channels of the feature between encoder and decoder.
        positions: Where prompts are added: ``'shared'`` (between encoder and
            decoder), ``'encoder'``, ``'decoder'`` (after each of their stages,
            through a linear layer to its width), any combination (Table 1) or
            none (Table 13: the model cannot tell the tasks apart).
        encoder_channels: Channels of the outputs of the encoder stages.
        decoder_channels: Channels of the outputs of the decoder stages.
        init_std: Standard deviation of the initial values. None means that
            of Kaiming's initialization, ``sqrt(2 / channels)``. Short
            trainings from scratch profit from 1: the prompt, which alone
            tells the tasks apart, is then as strong as the feature.

    Raises:
        ValueError: A task is named twice, or none is named, a position is
            unknown, or ``init_std`` is negative or not finite.
    """

    def __init__(self,
                 tasks: Sequence[str],
                 channels: int,
                 positions: Sequence[str] = ('shared', ),
                 encoder_channels: Sequence[int] = (),
                 decoder_channels: Sequence[int] = (),
                 init_std: float | None = None) -> None:
        super().__init__()
        if not tasks or len(set(tasks)) != len(tasks):
            raise ValueError('task_prompt.tasks must name at least one task, '
                             f'each once, but got {list(tasks)}')
        if not set(positions) <= set(POSITIONS):
            raise ValueError('task_prompt.positions may name '
                             f'{list(POSITIONS)}, but got {list(positions)}')
        if init_std is not None:
            require_weights('task_prompt.init_std', [init_std])
        self.tasks = tuple(tasks)
        self.positions = tuple(positions)
        self.init_std = (2 / channels)**0.5 if init_std is None else init_std
        self.prompts = nn.ParameterDict({
            task: nn.Parameter(torch.empty(channels))
            for task in tasks if positions
        })  # yapf: disable
        widths = dict(encoder=encoder_channels, decoder=decoder_channels)
        # one linear layer for each stage
        self.linears = nn.ModuleDict({
            name: ModuleList(nn.Linear(channels, width) for width in widths)
            for name, widths in widths.items() if name in positions
        })  # yapf: disable
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sample the prompts from a normal distribution."""
        for prompt in self.prompts.values():
            nn.init.normal_(prompt, std=self.init_std)

    def init_weights(self) -> None:
        """Sample the prompts anew (part of mmengine's initialization)."""
        super().init_weights()
        self.reset_parameters()

    def forward(self, tasks: Sequence[str]) -> PromptVectors:
        """The prompts of samples.

        Args:
            tasks: Task of each of the N samples, in any order.

        Returns:
            What is to be added where.

        Raises:
            ValueError: A task has no prompt.
        """
        unknown = sorted(set(tasks) - set(self.tasks))
        if unknown:
            raise ValueError(f'the model has no prompt for {unknown}; it has '
                             f'prompts for {list(self.tasks)}')
        if not self.positions:
            return PromptVectors()
        table = torch.stack([self.prompts[task] for task in self.tasks])
        index = torch.tensor([self.tasks.index(task) for task in tasks])
        prompts = table[index.to(table.device, non_blocking=True)]  # (N, C)
        return PromptVectors(
            shared=prompts if 'shared' in self.positions else None,
            **{
                name: [linear(prompts) for linear in linears]
                for name, linears in self.linears.items()
            })
