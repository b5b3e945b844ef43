from __future__ import annotations
from typing import Any, Sequence

import torch
from mmengine.dist import all_reduce_params
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from ...utils import UsageError
from ..fields import build_part
from ..task_codecs import ImageTarget
from .upocr import UPOCR

# Parameters that UPOCR does not have, by their prefix.
TRAINING_ONLY = ('mask_branch.', 'discriminator.')
PLAYERS = ('generator', 'discriminator')


@MODELS.register_module()
class ViTEraser(UPOCR):
    """Text removal, trained against a discriminator.

    ViTEraser (Peng et al., AAAI 2024): the network of UPOCR without prompts,
    with a branch that predicts text masks. A step of the training trains the
    discriminator first and then, against the updated one, everything else.
    Branch and discriminator belong to the training alone: predictions, and a
    UPOCR that starts from these weights, do without.

    Args:
        mask_branch: Branch for text masks, :class:`MaskBranch`.
        discriminator: :class:`TextRegionDiscriminator`.
        mask_loss: Loss of the text masks: MMSegmentation's ``DiceLoss`` with
            ``ignore_index=None``.
        adversarial_loss: :class:`HingeAdversarialLoss`.
        **kwargs: Arguments of :class:`UPOCR`, of one task whose codec gives
            pictures and text regions.

    Raises:
        ValueError: There are prompts or several tasks, or an argument of
            :class:`UPOCR` is not as described there.
    """

    def __init__(self, *, mask_branch: dict, discriminator: dict,
                 mask_loss: dict, adversarial_loss: dict, **kwargs) -> None:
        super().__init__(**kwargs)
        if len(self.tasks) != 1 or self.task_prompt.positions:
            raise UsageError(
                'model.task_prompt of ViTEraser must have one task and '
                f'positions=[], but got {list(self.tasks)} and '
                f'{list(self.task_prompt.positions)}')
        half = self.decode_head.stage_channels[-2]
        self.mask_branch = build_part(MODELS,
                                      dict(in_channels=half, **mask_branch),
                                      'model.mask_branch')
        self.discriminator = build_part(MODELS, discriminator,
                                        'model.discriminator')
        self.mask_loss = build_part(MODELS, mask_loss, 'model.mask_loss')
        self.adversarial_loss = build_part(MODELS, adversarial_loss,
                                           'model.adversarial_loss')

    @property
    def task_meta(self) -> dict:
        """As of :class:`UPOCR`, with ``training_only``: prefixes of the
        parameters that end with this training."""
        return dict(super().task_meta, training_only=list(TRAINING_ONLY))

    @property
    def min_size(self) -> int:
        """Smallest side of the pictures of a training."""
        return self.discriminator.min_size

    def erase(self,
              inputs: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Pictures without text, and where text is.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1], any H and W.

        Returns:
            Images at 1/4, 1/2 and full size, as :meth:`encode_decode` has
            them, and the logits of the text masks, (N, 1, H, W).
        """
        feats, prompts = self.encode(inputs, self.tasks * len(inputs))
        decoded = self.decode_head.decode(feats, prompts)
        mask = self.mask_branch(decoded[1])
        *images, mask = self.crop([*self.decode_head.draw(decoded), mask],
                                  inputs, (4, 2, 1, 1))
        return images, mask

    def loss(self, inputs: torch.Tensor,
             data_samples: Sequence[SegDataSample]) -> dict[str, torch.Tensor]:
        """Losses of the generator against the discriminator as it is.

        Args:
            inputs: Shape (N, 3, H, W), RGB in [0, 1].
            data_samples: Samples with ``gt_image`` and ``gt_text_mask``.

        Returns:
            Scalars; mmengine adds them up.
        """
        target = self._target(data_samples)
        return self._generator_losses(*self.erase(inputs), target, inputs)

    def train_step(self, data: dict[str, Any],
                   optim_wrapper: OptimWrapperDict) -> dict[str, torch.Tensor]:
        """A step of the discriminator, then one of the generator.

        Args:
            data: A batch of the data loader.
            optim_wrapper: Of ``generator`` and ``discriminator``, see
                :class:`SeparateOptimWrapperConstructor`.

        Returns:
            The losses, for the log; ``loss`` is the sum of the generator's,
            those of the discriminator are named ``discriminator/...``.

        Raises:
            ValueError: The optimizers are not these two.
        """
        if (not isinstance(optim_wrapper, OptimWrapperDict)
                or set(optim_wrapper.keys()) != set(PLAYERS)):
            raise UsageError(
                f'optim_wrapper of ViTEraser must have the entries {PLAYERS} '
                "and constructor='SeparateOptimWrapperConstructor'")
        generator, discriminator = (optim_wrapper[name] for name in PLAYERS)
        batch = self.data_preprocessor(data, True)
        inputs = batch['inputs']
        target = self._target(batch['data_samples'])

        with generator.optim_context(self):
            images, mask = self.erase(inputs)
        with discriminator.optim_context(self.discriminator):
            real = self.discriminator(target.image, target.region)
            fake = self.discriminator(images[-1].detach(), target.region)
            losses = self.adversarial_loss.discriminate(real, fake)
        loss, log = self.parse_losses(losses)
        _update(discriminator, loss)
        log = {f'discriminator/{name}': value for name, value in log.items()}

        # Gradients reach the generator through it, but not its weights.
        self.discriminator.requires_grad_(False)
        try:
            with generator.optim_context(self):
                losses = self._generator_losses(images, mask, target, inputs)
            loss, log_generator = self.parse_losses(losses)
            _update(generator, loss)
        finally:
            self.discriminator.requires_grad_(True)
        return {**log_generator, **log}

    def _target(self, data_samples: Sequence[SegDataSample]) -> ImageTarget:
        target = self.codecs[self.tasks[0]].encode(data_samples)
        if target.region is None:
            raise ValueError(
                'ViTEraser needs the text region of every sample '
                '(gt_text_mask), which this data set does not give')
        return target

    def _generator_losses(self, images: list[torch.Tensor], mask: torch.Tensor,
                          target: ImageTarget,
                          inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        losses = {}
        for module in self.losses[self.tasks[0]].values():
            losses.update(module(images, target, inputs))
        losses['loss_mask'] = self.mask_loss(mask.float(), target.region)
        losses['loss_adversarial'] = self.adversarial_loss(
            self.discriminator(images[-1], target.region))
        return losses


def _update(optim_wrapper: OptimWrapper, loss: torch.Tensor) -> None:
    """``OptimWrapper.update_params`` with the mean gradient of all processes.

    DistributedDataParallel expects one backward pass for each forward pass,
    which two players do not have.
    """
    optim_wrapper.backward(optim_wrapper.scale_loss(loss))
    if optim_wrapper.should_update():
        grads = [
            p.grad for group in optim_wrapper.optimizer.param_groups
            for p in group['params'] if p.grad is not None
        ]
        all_reduce_params(grads, op='mean')
        optim_wrapper.step()
        optim_wrapper.zero_grad()
