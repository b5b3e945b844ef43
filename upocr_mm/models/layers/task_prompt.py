from __future__ import annotations
from typing import Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmseg.registry import MODELS


@MODELS.register_module()
class TaskPrompt(BaseModule):
    """Learnable vector for each task, added to every pixel of a feature.

    UPOCR, section 3.2 and appendix A.1, "Task Prompt Insertion". A prompt is
    stored under the name of its task (``prompts.text_removal``), so that a
    checkpoint whose tasks come in another order cannot swap them.

    Args:
        tasks: Names of the tasks.
        channels: Channels of the feature.
        init_std: Standard deviation of the initial values. None means that
            of Kaiming's initialisation, ``sqrt(2 / channels)``. Short
            trainings from scratch profit from 1: the prompt, which alone
            tells the tasks apart, is then as strong as the feature.

    Raises:
        ValueError: A task is named twice, or none is named.
    """

    def __init__(self,
                 tasks: Sequence[str],
                 channels: int,
                 init_std: float | None = None) -> None:
        super().__init__()
        if not tasks or len(set(tasks)) != len(tasks):
            raise ValueError('task_prompt.tasks must name at least one task, '
                             f'each once, but got {list(tasks)}')
        self.tasks = tuple(tasks)
        self.init_std = (2 / channels)**0.5 if init_std is None else init_std
        self.prompts = nn.ParameterDict(
            {task: nn.Parameter(torch.empty(channels))
             for task in tasks})
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the prompts from a normal distribution."""
        for prompt in self.prompts.values():
            nn.init.normal_(prompt, std=self.init_std)

    def init_weights(self) -> None:
        """Draw the prompts anew (part of mmengine's initialisation)."""
        super().init_weights()
        self.reset_parameters()

    def forward(self, feats: torch.Tensor,
                tasks: Sequence[str]) -> torch.Tensor:
        """Add to each sample the prompt of its task.

        Args:
            feats: Shape (N, C, H, W).
            tasks: Task of each of the N samples, in any order.

        Returns:
            Shape (N, C, H, W).

        Raises:
            ValueError: A task has no prompt.
        """
        unknown = sorted(set(tasks) - set(self.tasks))
        if unknown:
            raise ValueError(f'the model has no prompt for {unknown}; it has '
                             f'prompts for {list(self.tasks)}')
        table = torch.stack([self.prompts[task] for task in self.tasks])
        index = torch.tensor([self.tasks.index(task) for task in tasks])
        prompts = table[index.to(table.device, non_blocking=True)]  # (N, C)
        return feats + prompts[:, :, None, None]
