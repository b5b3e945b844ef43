"""The model of the reference numbers, with its weights under our names."""
from __future__ import annotations
import json
from pathlib import Path

import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from parity_data import parity_value

from upocr_mm.checkpoint import RELEASED_TASKS, convert_released

DATA = Path(__file__).parent / 'data'
TASKS = RELEASED_TASKS
# Red and blue are exchanged against the paper's palette.
PALETTE = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


def reference_state_dict() -> dict[str, torch.Tensor]:
    """Reference weights by the reference's names."""
    shapes = json.loads((DATA / 'parity_state_dict_tiny.json').read_text())
    return {
        name: torch.from_numpy(parity_value(name, shape))
        for name, shape in shapes['params'] if 'relative_' not in name
    }


def reference_model_cfg(losses: dict | None = None) -> dict:
    """Config of the tiny model of the reference numbers."""
    return dict(
        type='UPOCR',
        data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
        backbone=dict(
            type='PromptedSwinTransformerV2',
            arch=dict(
                embed_dims=24, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 8]),
            drop_path_rate=0.),
        task_prompt=dict(type='TaskPrompt', tasks=TASKS),
        decode_head=dict(
            type='PatchSplitHead',
            arch=dict(
                embed_dims=192,
                depths=[2, 2, 2, 2, 2],
                num_heads=[8, 4, 2, 1, 1]),
            drop_path_rate=0.),
        codecs=dict(
            text_removal=dict(type='ImageCodec'),
            text_segmentation=dict(type='BinaryMaskCodec'),
            tampered_text_detection=dict(type='PaletteCodec',
                                         palette=PALETTE)),
        losses=losses)


def reference_model(losses: dict | None = None) -> torch.nn.Module:
    """The tiny model with the reference weights, in evaluation mode."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(reference_model_cfg(losses))
    weights = convert_released(reference_state_dict(), model.state_dict())
    model.load_state_dict(weights.state_dict)
    return model.eval()
