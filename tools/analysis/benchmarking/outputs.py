"""Whether the measured model and the plain path give equal outputs."""
from __future__ import annotations
from typing import Sequence

import torch
from mmengine.runner import load_checkpoint

from .cases import Variant
from .plain_model import build_model
from .steps import Settings, autocast, draw_function, load_config, start


def check_outputs(settings: Settings, checkpoint: str | None,
                  tasks: Sequence[str], size: int) -> dict[str, float | None]:
    """Write the weights of all variants, and compare the outputs.

    Args:
        settings: The same for all cases; names the file of the weights.
        checkpoint: Where to read them; None draws them.
        tasks: Names of the tasks.
        size: Side of the image.

    Returns:
        ``max_difference`` of all outputs in float32, and the PSNR (dB) in
        bfloat16 of the model and of the plain path, to the plain path in
        float32; None if they are equal.
    """
    start(settings)
    # What is equal in exact arithmetic, is to be equal here.
    torch.backends.cudnn.allow_tf32 = False
    _save_weights(settings, checkpoint)
    return _compare(settings, tasks, size)


def _save_weights(settings: Settings, checkpoint: str | None) -> None:
    """Write the parameters that all variants take."""
    model_cfg = load_config(settings).model
    model_cfg.losses = None
    model = build_model(model_cfg)
    if checkpoint:
        load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    else:
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    # Initial zeros and ones would hide a bias or a factor
                    # that one of the models leaves out.
                    parameter.add_(0.1 * torch.randn_like(parameter))
    torch.save({
        k: p.detach()
        for k, p in model.named_parameters()
    }, settings.weights)


def _compare(settings: Settings, tasks: Sequence[str],
             size: int) -> dict[str, float | None]:
    """What :func:`check_outputs` returns."""
    model_cfg = load_config(settings).model
    model_cfg.losses = None
    weights = torch.load(settings.weights, weights_only=True)
    device = torch.device(settings.device)
    inputs = torch.rand(1, 3, size, size).to(device)
    found = {}
    for name, plain in dict(plain=True, fast=False).items():
        model = build_model(model_cfg, weights, plain).to(device).eval()
        for dtype in 'float32', 'bfloat16':
            draw = draw_function(model, Variant(name, plain))
            with torch.no_grad(), autocast(dtype, device):
                images = draw(inputs, list(tasks))
                # what the losses see
                images += model.encode_decode(inputs, tasks[:1])
            found[name, dtype] = [image.float().cpu() for image in images]
    exact = found['plain', 'float32']
    return dict(
        max_difference=max(
            float((a - b).abs().max())
            for a, b in zip(exact, found['fast', 'float32'])),
        psnr_bfloat16=_psnr(exact, found['fast', 'bfloat16'], len(tasks)),
        psnr_plain_bfloat16=_psnr(exact, found['plain', 'bfloat16'],
                                  len(tasks)))


def _psnr(exact: list[torch.Tensor], images: list[torch.Tensor],
          count: int) -> float | None:
    """Of the full-size answers; the range of the values is 1."""
    error = (torch.stack(exact[:count]) -
             torch.stack(images[:count])).square().mean()
    return float(-10 * error.log10()) if error else None
