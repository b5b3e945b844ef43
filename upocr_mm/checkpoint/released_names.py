"""Names of the authors' parameters, ours for them, and what has none."""
from __future__ import annotations
import re
from fnmatch import fnmatchcase

import torch

# Whose weights a file holds, see `kind_of`.
BARE_ENCODERS = ('segmim_encoder', 'swinv2')
# The one tensor of all prompts in UPOCR, and ours, one for each task.
PROMPTS = 'task_prompt.task_embedding.weight'
OUR_PROMPTS = 'task_prompt.prompts.'

# Buffers that follow from window and image size; never taken over.
DERIVED = {
    '*.relative_coords_table': 'computed from the window size',
    '*.relative_position_index': 'computed from the window size',
    '*.attn_mask': 'computed from image and window size',
}
_VGG16 = {'vgg16.*': 'VGG-16 of the feature loss'}
_SEGMIM = {
    '*mask_token': 'token of masked patches, of the pre-training alone',
    'seg_head.*': 'text mask head, of the pre-training alone',
}
# What else is left out of the weights of each kind, and why. What a training
# alone has is taken over where the model has a place for it.
DROPPED = dict(
    upocr={
        **DERIVED,
        **_VGG16
    },
    viteraser={
        **DERIVED,
        **_VGG16,
        'decoder.mask_conv.*': 'text mask branch, of the training alone',
        'discriminator.*': 'discriminator, of the training alone',
    },
    segmim={
        **DERIVED,
        **_SEGMIM
    },
    segmim_encoder={
        **DERIVED,
        **_SEGMIM
    },
    swinv2={
        **DERIVED,
        'norm.*': 'norm before the classifier',
        'head.*': 'classifier',
    })
# Entries of a file besides the weights.
ENTRIES = {
    '*optim*': 'state of the optimizer',
    '*sched*': 'state of the learning rate schedule',
    '*scaler*': 'state of mixed precision',
    'amp': 'state of mixed precision',
}

# Our names to those of UPOCR.
RENAMED = (
    (r'^backbone\.patch_embed\.projection\.', 'backbone.patch_embed.proj.'),
    (r'^backbone\.stages\.(\d+)\.blocks\.', r'backbone.layers.\1.blocks.'),
    (r'^backbone\.', 'encoder.backbone.'),
    (r'^projection\.', 'proj.'),
    (r'^decode_head\.stages\.(\d+)\.', r'decoder.layers.\1.blocks.'),
    (r'^decode_head\.splits\.(\d+)\.expansion\.',
     r'decoder.layers.\1.upsample.upsample.'),
    (r'^decode_head\.splits\.(\d+)\.norm\.',
     r'decoder.layers.\1.upsample.norm.'),
    (r'^decode_head\.laterals\.(\d+)\.convs\.',
     r'decoder.lateral_connection_list.\1.'),
    (r'^decode_head\.output_convs\.([01])\.',
     r'decoder.intermediate_convs.\1.'),
    (r'^decode_head\.output_convs\.2\.', 'decoder.output_conv.'),
    (r'\.attn\.w_msa\.', '.attn.'),
    (r'\.ffn\.layers\.0\.0\.', '.mlp.fc1.'),
    (r'\.ffn\.layers\.1\.', '.mlp.fc2.'),
)  # yapf: disable
# What ViTEraser and SegMIM call otherwise than UPOCR.
VITERASER_RENAMED = (
    (r'^proj\.', 'pixel_embed.'),
    (r'^decoder\.output_conv\.', 'decoder.erase_conv.'),
    (r'^mask_branch\.deconv\.', 'decoder.mask_conv.0.conv2d.'),
    (r'^mask_branch\.conv\.', 'decoder.mask_conv.1.'),
    (r'^discriminator\.(global|local)_branch\.(\d)\.conv\.',
     r'discriminator.\1_dis.\2.conv2d.'),
    (r'^discriminator\.fusion\.', 'discriminator.fusion.0.'),
    (r'^text_head\.conv\.', 'seg_head.decoder.0.'),
)


def released_name(name: str, kind: str = 'upocr') -> str:
    """The authors' name of a parameter of ours (of all but the prompts).

    Args:
        name: Our name.
        kind: Whose weights, see :func:`kind_of`.
    """
    # Their patch merging ends a stage, mmpretrain's begins the next one.
    match = re.match(r'backbone\.stages\.(\d+)\.downsample\.(.*)', name)
    if match:
        name = (f'encoder.backbone.layers.{int(match[1]) - 1}.downsample.'
                f'{match[2]}')
    match = re.match(r'decode_head\.norms\.(\d+)\.(.*)', name)
    if match:
        name = f'decoder.norm{int(match[1]) + 2}.{match[2]}'
    renamed = RENAMED
    if kind in ('viteraser', 'segmim'):
        renamed += VITERASER_RENAMED
    elif kind in BARE_ENCODERS:
        renamed += ((r'^encoder\.backbone\.', ''), VITERASER_RENAMED[-1])
    for pattern, replacement in renamed:
        name = re.sub(pattern, replacement, name)
    return name


def standard_name(name: str, kind: str) -> str:
    """The name in a file without what differs between files of a kind.

    Args:
        name: Name in the file.
        kind: Whose weights, see :func:`kind_of`.
    """
    if kind == 'segmim_encoder':  # bare, or as its training saves it
        name = re.sub(r'^encoder\.backbone\.', '', name)
    if kind == 'swinv2':  # as older files say
        name = name.replace('.attn.rpe_mlp.', '.attn.cpb_mlp.')
    return name


def dropped_group(name: str, kind: str) -> str | None:
    """The key of ``DROPPED[kind]`` that a name in a file falls under."""
    return next((group for group in DROPPED[kind] if fnmatchcase(name, group)),
                None)


def swap_columns(name: str, value: torch.Tensor,
                 to_ours: bool) -> torch.Tensor:
    """Reorder the input channels of patch merging; all else is returned.

    Theirs: patch by patch, (0, 0), (1, 0), (0, 1), (1, 1) of [row, column],
    each with all its channels. Ours: channel by channel, each with the four
    pixels row by row, as ``unfold`` gives them.

    Args:
        name: Any name of the parameter.
        value: Its value; of patch merging, shape (out, 4 * C).
        to_ours: From their order to ours, or back.
    """
    if not name.endswith('downsample.reduction.weight'):
        return value
    out, c = value.shape[0], value.shape[1] // 4
    if to_ours:  # [column, row, channel] -> [channel, row, column]
        return value.view(out, 2, 2, c).permute(0, 3, 2, 1).reshape(out, -1)
    return value.view(out, c, 2, 2).permute(0, 3, 2, 1).reshape(out, -1)
