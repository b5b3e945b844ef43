"""The model of the reference numbers, with its weights under our names."""
from __future__ import annotations
import json
import re
from pathlib import Path

import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from parity_data import parity_value

import upocr_mm  # noqa: F401

DATA = Path(__file__).parent / 'data'
TASKS = ('text_removal', 'tampered_text_detection', 'text_segmentation')
# Red and blue are exchanged against the paper's palette.
PALETTE = ((255, 0, 0), (0, 255, 0), (0, 0, 255))

NAME_MAP = (
    (r'^encoder\.backbone\.patch_embed\.proj\.',
     'backbone.patch_embed.projection.'),
    (r'^encoder\.backbone\.patch_embed\.norm\.', 'backbone.patch_embed.norm.'),
    (r'^encoder\.backbone\.norm(\d)\.', r'backbone.norm\1.'),
    (r'^encoder\.backbone\.layers\.(\d)\.blocks\.',
     r'backbone.stages.\1.blocks.'),
    (r'^decoder\.layers\.(\d)\.blocks\.', r'decode_head.stages.\1.'),
    (r'^decoder\.layers\.(\d)\.upsample\.upsample\.',
     r'decode_head.splits.\1.expansion.'),
    (r'^decoder\.layers\.(\d)\.upsample\.norm\.',
     r'decode_head.splits.\1.norm.'),
    (r'^decoder\.lateral_connection_list\.(\d)\.',
     r'decode_head.laterals.\1.convs.'),
    (r'^decoder\.intermediate_convs\.(\d)\.',
     r'decode_head.output_convs.\1.'),
    (r'^decoder\.output_conv\.', 'decode_head.output_convs.2.'),
    (r'^proj\.', 'projection.'),
    (r'\.attn\.', '.attn.w_msa.'),
    (r'\.mlp\.fc1\.', '.ffn.layers.0.0.'),
    (r'\.mlp\.fc2\.', '.ffn.layers.1.'),
)  # yapf: disable


def our_name(name: str) -> str:
    """Name of a reference parameter in our model."""
    match = re.match(r'encoder\.backbone\.layers\.(\d)\.downsample\.(.*)',
                     name)
    if match:
        return (f'backbone.stages.{int(match[1]) + 1}.downsample.{match[2]}')
    match = re.match(r'decoder\.norm([234])\.(.*)', name)
    if match:
        return f'decode_head.norms.{int(match[1]) - 2}.{match[2]}'
    for pattern, replacement in NAME_MAP:
        name = re.sub(pattern, replacement, name)
    return name


def to_our_layout(name: str, value: torch.Tensor) -> torch.Tensor:
    """Patch merging: patch-major columns to unfold's channel-major order."""
    if not name.endswith('downsample.reduction.weight'):
        return value
    # patches (0, 0), (1, 0), (0, 1), (1, 1) -> index column * 2 + row
    out, c = value.shape[0], value.shape[1] // 4
    return value.view(out, 2, 2, c).permute(0, 3, 2, 1).reshape(out, 4 * c)


def reference_state_dict() -> dict[str, torch.Tensor]:
    """Reference weights by the reference's names."""
    shapes = json.loads((DATA / 'parity_state_dict_tiny.json').read_text())
    return {
        name: torch.from_numpy(parity_value(name, shape))
        for name, shape in shapes['params'] if 'relative_' not in name
    }


def our_state_dict() -> dict[str, torch.Tensor]:
    """Reference weights by our names."""
    state = reference_state_dict()
    prompts = state.pop('task_prompt.task_embedding.weight')
    ours = {our_name(k): to_our_layout(k, v) for k, v in state.items()}
    for task, prompt in zip(TASKS, prompts):
        ours[f'task_prompt.prompts.{task}'] = prompt
    return ours


def reference_model_cfg(losses: dict | None = None) -> dict:
    """Config of the tiny model of the reference numbers."""
    return dict(
        type='UPOCR',
        data_preprocessor=dict(type='ImageToImageDataPreprocessor'),
        backbone=dict(
            type='FusedSwinTransformerV2',
            arch=dict(
                embed_dims=24,
                depths=[2, 2, 2, 2],
                num_heads=[1, 2, 4, 8],
                extra_norm_every_n_blocks=0),
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
    missing, unexpected = model.load_state_dict(our_state_dict(), strict=False)
    assert not unexpected, unexpected
    assert all('relative_' in name for name in missing), missing
    return model.eval()
