"""Files as the authors of ViTEraser, SegMIM and Swin-v2 publish them.

Names and shapes are those of the reference implementation at the size of the
reference numbers, the values follow from the names.
"""
from __future__ import annotations
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from parity_data import parity_value
from reference_model import DATA, reference_model_cfg

KEYS = json.loads((DATA / 'parity_pretraining_keys.json').read_text())
ENCODER = 'encoder.backbone.'


def coords_table(window: int, pretrained: int) -> torch.Tensor:
    """Coordinates of the position bias, as Swin-v2's paper defines them."""
    x = 8 * np.arange(1 - window, window) / (pretrained - 1)
    x = np.sign(x) * np.log2(np.abs(x) + 1) / 3
    table = np.stack(np.meshgrid(x, x, indexing='ij'), -1)[None]
    return torch.from_numpy(table.astype(np.float32))


def weights(part: str, encoder: tuple[int, int],
            decoder: tuple[int, int]) -> dict[str, torch.Tensor]:
    """A state dict of the reference.

    Args:
        part: Whose, a key of ``KEYS``.
        encoder: Window and pre-trained window of the encoder.
        decoder: Those of the decoder.
    """
    state = {}
    for name, shape in KEYS[part].items():
        if name.endswith('relative_coords_table'):
            windows = encoder if name.startswith(ENCODER) else decoder
            state[name] = coords_table(*windows)
        elif name.endswith('relative_position_index'):
            state[name] = torch.zeros(*shape, dtype=torch.long)
        else:
            state[name] = torch.from_numpy(parity_value(name, shape))
        assert list(state[name].shape) == shape
    return state


def optimizer() -> dict:
    return dict(
        state={i: dict(exp_avg=torch.ones(3))
               for i in range(2)},
        param_groups=[dict(lr=5e-4, params=[0, 1])])


def viteraser() -> dict:
    """A file of ViTEraser."""
    return dict(
        model={
            **weights('viteraser', (16, 8), (8, 8)), 'vgg16.features.0.weight':
            torch.zeros(64, 3, 3, 3)
        },
        discriminator=weights('discriminator', (16, 8), (8, 8)),
        optimizer_G=optimizer(),
        optimizer_D=optimizer(),
        epoch=300,
        args=argparse.Namespace(lr=5e-4))


def segmim() -> dict:
    """``encoder-decoder.pth`` of SegMIM."""
    return dict(
        model=weights('segmim', (8, 8), (8, 8)),
        optimizer=optimizer(),
        lr_scheduler=dict(step=3),
        scaler=dict(scale=torch.ones(1)),
        epoch=100)


def segmim_encoder(bare: bool = True) -> dict[str, torch.Tensor]:
    """``encoder-finetuned.pth`` of SegMIM: other values under other names.

    Args:
        bare: False as its training saves it, with prefix and head.
    """
    state = {}
    for name, shape in KEYS['segmim_finetune'].items():
        short = name.replace(ENCODER, '')
        if not bare or name.startswith(ENCODER):
            state[short if bare else name] = (
                coords_table(8, 8) if name.endswith('coords_table') else
                torch.from_numpy(parity_value(short, shape)))
    return state


def microsoft(window: int = 8) -> dict:
    """A file of Microsoft's Swin-v2, with the older names."""
    state = {
        name.replace('cpb_mlp', 'rpe_mlp'): value
        for name, value in segmim_encoder().items()
        if not name.startswith('norm')
    }
    for name in state:
        if name.endswith('coords_table'):
            state[name] = coords_table(window, window)
    state['layers.0.blocks.1.attn_mask'] = torch.zeros(64, 64, 64)
    state['norm.weight'], state['norm.bias'] = torch.ones(192), torch.ones(192)
    state['head.weight'], state['head.bias'] = torch.zeros(5,
                                                           192), torch.ones(5)
    return dict(model=state)


def model_cfg(prompts: bool = True) -> dict:
    """Config of the model with ViTEraser's windows.

    Args:
        prompts: False for the network of ViTEraser itself.
    """
    cfg = reference_model_cfg()
    cfg['backbone'].update(window_size=16, pretrained_window_sizes=(8, ) * 4)
    cfg['decode_head'].update(window_size=8, pretrained_window_size=8)
    if not prompts:
        cfg['task_prompt']['positions'] = []
    return cfg


def viteraser_cfg() -> dict:
    """Config of ViTEraser at the size of the reference numbers."""
    cfg = model_cfg(prompts=False)
    name = 'text_removal'
    cfg.update(
        type='ViTEraser',
        task_prompt=dict(type='TaskPrompt', tasks=[name], positions=[]),
        codecs={name: cfg['codecs'][name]},
        losses={
            name:
            dict(
                pixel=dict(
                    type='MultiScalePixelLoss', outside_weights=(0.8, 1, 2)),
                feature=dict(type='VGGFeatureLoss', weights='random'))
        },
        mask_branch=dict(type='MaskBranch'),
        discriminator=dict(type='TextRegionDiscriminator'),
        mask_loss=dict(type='DiceLoss', ignore_index=None),
        adversarial_loss=dict(type='HingeAdversarialLoss', loss_weight=0.1))
    return cfg


def segmim_cfg() -> dict:
    """Config of SegMIM's first stage at that size."""
    cfg = {
        key: value
        for key, value in model_cfg().items()
        if key in ('data_preprocessor', 'backbone', 'decode_head')
    }
    cfg['backbone'].update(
        type='MaskedSwinTransformerV2',
        window_size=8,
        pretrained_window_sizes=(8, ) * 4)
    cfg['decode_head'].update(pretrained_window_size=0, out_strides=(1, ))
    return dict(
        cfg,
        type='SegMIM',
        text_head=dict(type='TextMaskHead'),
        text_loss=dict(type='DiceLoss', ignore_index=None),
        reconstruction_loss=dict(type='MaskedPixelLoss'))


def save(content: dict, file: Path) -> Path:
    torch.save(content, file)
    return file
