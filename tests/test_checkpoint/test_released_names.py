"""The authors' names and order of columns, and ours."""
from __future__ import annotations

import pytest
import torch

from upocr_mm.checkpoint.released_names import (dropped_group, released_name,
                                                standard_name, swap_columns)

NORM = 'backbone.stages.2.downsample.norm.weight'


@pytest.mark.parametrize('ours, kind, theirs', [
    (NORM, 'upocr', 'encoder.backbone.layers.1.downsample.norm.weight'),
    (NORM, 'segmim_encoder', 'layers.1.downsample.norm.weight'),
    (NORM, 'swinv2', 'layers.1.downsample.norm.weight'),
    ('backbone.stages.0.blocks.1.attn.w_msa.proj.bias', 'viteraser',
     'encoder.backbone.layers.0.blocks.1.attn.proj.bias'),
    ('projection.bias', 'upocr', 'proj.bias'),
    ('projection.bias', 'viteraser', 'pixel_embed.bias'),
    ('projection.bias', 'segmim', 'pixel_embed.bias'),
    ('decode_head.output_convs.2.bias', 'upocr', 'decoder.output_conv.bias'),
    ('decode_head.output_convs.2.bias', 'segmim', 'decoder.erase_conv.bias'),
    ('decode_head.output_convs.1.bias', 'viteraser',
     'decoder.intermediate_convs.1.bias'),
    ('decode_head.norms.2.bias', 'segmim', 'decoder.norm4.bias'),
    ('decode_head.splits.3.expansion.weight', 'viteraser',
     'decoder.layers.3.upsample.upsample.weight'),
    ('decode_head.stages.1.0.ffn.layers.0.0.bias', 'viteraser',
     'decoder.layers.1.blocks.0.mlp.fc1.bias'),
])
def test_names(ours: str, kind: str, theirs: str) -> None:
    assert released_name(ours, kind) == theirs


def test_older_and_longer_names() -> None:
    old = 'layers.0.blocks.0.attn.rpe_mlp.0.weight'
    new = 'layers.0.blocks.0.attn.cpb_mlp.0.weight'
    assert standard_name(old, 'swinv2') == new
    assert standard_name(f'encoder.backbone.{new}', 'segmim_encoder') == new
    assert standard_name(old, 'upocr') == old


@pytest.mark.parametrize('name, kind, group', [
    ('decoder.mask_conv.0.conv2d.weight_u', 'viteraser',
     'decoder.mask_conv.*'),
    ('decoder.mask_conv.1.bias', 'upocr', None),
    ('decoder.mask_branch.weight', 'viteraser', None),
    ('encoder.backbone.mask_token', 'segmim', '*mask_token'),
    ('encoder.backbone.mask_token', 'viteraser', None),
    ('seg_head.decoder.0.bias', 'segmim_encoder', 'seg_head.*'),
    ('norm.weight', 'swinv2', 'norm.*'),
    ('norm.weight', 'segmim_encoder', None),
    ('norm0.weight', 'swinv2', None),
    ('layers.1.blocks.1.attn_mask', 'swinv2', '*.attn_mask'),
    ('vgg16.features.0.bias', 'segmim', None),
])
def test_each_kind_drops_its_own(name: str, kind: str,
                                 group: str | None) -> None:
    """What one kind explains is unexplained in the weights of another."""
    assert dropped_group(name, kind) == group


def test_patch_merging_layout() -> None:
    """Column of patch (row, column) and channel c moves to unfold's place."""
    c = 3
    name = 'x.downsample.reduction.weight'
    weight = torch.arange(4 * c, dtype=torch.float32)[None]
    ours = swap_columns(name, weight, to_ours=True)
    x = torch.rand(1, c, 2, 2)
    patches = torch.cat(
        [x[0, :, 0, 0], x[0, :, 1, 0], x[0, :, 0, 1], x[0, :, 1, 1]])
    unfolded = torch.nn.functional.unfold(x, 2, stride=2)[0, :, 0]
    assert torch.allclose(weight[0] @ patches, ours[0] @ unfolded)
    assert torch.equal(swap_columns(name, ours, to_ours=False), weight)
    assert swap_columns('x.bias', weight, to_ours=True) is weight
