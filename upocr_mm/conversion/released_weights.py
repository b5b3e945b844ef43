"""Weights as the authors of UPOCR, ViTEraser and Swin-v2 publish them."""
from __future__ import annotations
import re
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

import torch

from ..models import FusedSwinTransformerV2, PatchSplitHead

# The prompts of the released weights have no names, only this order.
RELEASED_TASKS = ('text_removal', 'tampered_text_detection',
                  'text_segmentation')
PROMPTS = 'task_prompt.task_embedding.weight'
OUR_PROMPTS = 'task_prompt.prompts.'
# Words by which the tasks are known in the names of the authors' data configs
TASK_WORDS = dict(
    text_removal=('enstext', 'scut', 'removal', 'erase'),
    tampered_text_detection=('tamper', ),
    text_segmentation=('textseg', 'segmentation'))

# What is left out, and why.
DROPPED = (
    (r'^vgg16\.', 'VGG-16 of the feature loss'),
    (r'discriminator', 'discriminator of the GAN training'),
    (r'mask', 'mask branch, mask token or shift mask of the training'),
    (r'^head\.', 'classifier'),
)
# Computed from the window sizes: compared, not taken over.
DERIVED = re.compile(r'relative_(coords_table|position_index)$')

# Our names to theirs.
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


def released_name(name: str) -> str:
    """The authors' name of a parameter of ours (of all but the prompts)."""
    # Their patch merging ends a stage, mmpretrain's begins the next one.
    match = re.match(r'backbone\.stages\.(\d+)\.downsample\.(.*)', name)
    if match:
        return (f'encoder.backbone.layers.{int(match[1]) - 1}.downsample.'
                f'{match[2]}')
    match = re.match(r'decode_head\.norms\.(\d+)\.(.*)', name)
    if match:
        return f'decoder.norm{int(match[1]) + 2}.{match[2]}'
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


def _swap_columns(name: str, value: torch.Tensor,
                  to_ours: bool) -> torch.Tensor:
    """Columns of patch merging.

    Theirs: patch by patch, (0, 0), (1, 0), (0, 1), (1, 1) of [row, column],
    each with all its channels. Ours: channel by channel, each with the four
    pixels row by row, as ``unfold`` gives them.
    """
    if not name.endswith('downsample.reduction.weight'):
        return value
    out, c = value.shape[0], value.shape[1] // 4
    if to_ours:  # [column, row, channel] -> [channel, row, column]
        return value.view(out, 2, 2, c).permute(0, 3, 2, 1).reshape(out, -1)
    return value.view(out, c, 2, 2).permute(0, 3, 2, 1).reshape(out, -1)


def find_weights(content: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The state dict of a checkpoint of theirs, without ``module.``.

    Args:
        content: The file: a state dict, or one under ``model`` or
            ``state_dict``.

    Raises:
        ValueError: There is no state dict in it.
    """
    for key in ('model', 'state_dict'):
        if isinstance(content.get(key), Mapping):
            content = content[key]
            break
    weights = {
        re.sub(r'^module\.', '', name): value
        for name, value in content.items() if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise ValueError('there is no state dict in the file, neither bare '
                         "nor under 'model' or 'state_dict'; it holds "
                         f'{sorted(map(str, content))[:10]}')
    return weights


def kind_of(names: Iterable[str]) -> str:
    """Whose weights these are.

    Returns:
        ``'upocr'`` (with prompts), ``'viteraser'`` (an encoder-decoder that
        draws images), ``'segmim'`` (an encoder-decoder without its output
        layers) or ``'swinv2'`` (Microsoft's encoder alone).

    Raises:
        ValueError: It is none of them.
    """
    names = set(names)
    if PROMPTS in names:
        return 'upocr'
    if any(name.startswith('encoder.backbone.') for name in names):
        drawn = any(name.startswith('decoder.output_conv') for name in names)
        return 'viteraser' if drawn else 'segmim'
    if 'patch_embed.proj.weight' in names:
        return 'swinv2'
    raise ValueError('these are no weights of UPOCR, ViTEraser, SegMIM or '
                     f'Swin-v2: the keys begin with {sorted(names)[:5]}')


def _settings(weights: Mapping[str, torch.Tensor], prefix: str) -> dict:
    """Depths and numbers of heads, from the names and shapes of a part."""
    heads: dict[int, list[int]] = {}
    pattern = re.compile(
        re.escape(prefix) + r'layers\.(\d+)\.blocks\.\d+\.attn\.logit_scale$')
    for name, value in weights.items():
        match = pattern.match(name)
        if match:
            heads.setdefault(int(match[1]), []).append(value.shape[0])
    stages = [heads[i] for i in sorted(heads)]
    return dict(
        depths=[len(stage) for stage in stages],
        num_heads=[stage[0] for stage in stages])


def detect_arch(weights: Mapping[str, torch.Tensor]) -> str:
    """The size of the model, from the shapes of released weights.

    Args:
        weights: Released state dict.

    Returns:
        A name that both ``FusedSwinTransformerV2`` and ``PatchSplitHead``
        know, such as ``'small'``.

    Raises:
        ValueError: It is none of the sizes.
    """
    prefix = '' if kind_of(weights) == 'swinv2' else 'encoder.backbone.'
    found = _settings(weights, prefix)
    embed = weights.get(f'{prefix}patch_embed.proj.weight')
    found['embed_dims'] = None if embed is None else embed.shape[0]
    decoder = _settings(weights, 'decoder.')
    for arch, settings in FusedSwinTransformerV2.arch_zoo.items():
        head = PatchSplitHead.arch_zoo.get(arch)
        if any(
                list(found[key]) != list(settings[key])
                for key in ('depths',
                            'num_heads')) or (found['embed_dims']
                                              != settings['embed_dims']):
            continue
        if not decoder['depths'] or (head and all(
                list(decoder[key]) == list(head[key])
                for key in ('depths', 'num_heads'))):
            return arch
    raise ValueError(
        'the weights have none of the known sizes '
        f'{sorted(PatchSplitHead.arch_zoo)}: encoder {found}, decoder '
        f'{decoder}; a model of another size needs its configuration')


def tasks_of_run(args: Any) -> tuple[str, ...] | None:
    """The order of the tasks in a run of the authors' code.

    Args:
        args: Its ``argparse.Namespace``; ``data_cfg_paths`` names the data
            configs, and the prompts are in their order.

    Returns:
        The tasks, or None where the order cannot be told.
    """
    paths = getattr(args, 'data_cfg_paths', None)
    if not isinstance(paths, (list, tuple)):
        return None
    tasks = []
    for path in paths:
        path = str(path).lower()
        tasks += [
            task for task, words in TASK_WORDS.items() if any(
                word in path.rsplit('/', 1)[-1] for word in words)
        ][:1]
    return tuple(tasks) if len(tasks) == len(paths) else None


class Conversion(NamedTuple):
    """Released weights in our form.

    Attributes:
        state_dict: Weights by our names, with the derived tables of the
            model.
        dropped: Names that were left out, by reason.
        missing: Our names that the file has no weights for.
    """
    state_dict: dict[str, torch.Tensor]
    dropped: dict[str, list[str]]
    missing: list[str]


def convert_released(weights: Mapping[str, torch.Tensor],
                     expected: Mapping[str, torch.Tensor],
                     tasks: Sequence[str] = RELEASED_TASKS) -> Conversion:
    """Bring released weights into our form.

    Args:
        weights: Released state dict, see :func:`find_weights`.
        expected: State dict of our model that is to take them.
        tasks: Names of the prompts, in their order.

    Returns:
        The converted weights. What may be missing depends on whose weights
        they are: ViTEraser has no prompts, SegMIM no output layers either,
        Swin-v2 only the encoder with its last norm.

    Raises:
        ValueError: Names or shapes differ in what is not explained by that,
            or the windows of UPOCR's weights are not those of the model.
    """
    kind = kind_of(weights)
    table = {
        released_name(name): name
        for name in expected if not name.startswith(OUR_PROMPTS)
    }
    if kind == 'swinv2':
        table = {
            name.replace('encoder.backbone.norm3.', 'norm.').replace(
                'encoder.backbone.', ''):
            ours
            for name, ours in table.items()
            if name.startswith('encoder.backbone.')
        }
    state: dict[str, torch.Tensor] = {}
    dropped: dict[str, list[str]] = {}
    errors = []
    for name, value in weights.items():
        reason = next(
            (why for pattern, why in DROPPED if re.search(pattern, name)),
            None)
        if name in table and DERIVED.search(name):
            dropped.setdefault('computed from the window size',
                               []).append(name)
            if kind == 'upocr' and not _same(value, expected[table[name]]):
                errors.append(f'windows differ: {name}')
        elif name in table:
            state[table[name]] = _swap_columns(name, value, to_ours=True)
        elif name == PROMPTS:
            if len(value) != len(tasks):
                errors.append(f'{name} holds {len(value)} prompts, for '
                              f'{len(tasks)} tasks: {", ".join(tasks)}')
            state.update({
                f'{OUR_PROMPTS}{task}': prompt.clone()
                for task, prompt in zip(tasks, value)
            })
        elif reason is not None:
            dropped.setdefault(reason, []).append(name)
        else:
            errors.append(f'unexpected: {name}')
    for name, value in state.items():
        if name not in expected:
            errors.append(f'no place in the model: {name}')
        elif value.shape != expected[name].shape:
            errors.append(f'shape: {name} is {tuple(value.shape)} instead of '
                          f'{tuple(expected[name].shape)}')
    missing = [
        name for name in expected
        if name not in state and not DERIVED.search(name)
    ]
    errors += [
        f'missing: {name}' for name in missing if not _may_lack(kind, name)
    ]
    if errors:
        more = f'\n... and {len(errors) - 20} more' if errors[20:] else ''
        raise ValueError(f'weights of the kind {kind!r} do not fit the '
                         'model:\n' + '\n'.join(errors[:20]) + more)
    if kind != 'swinv2':
        state.update({
            name: value.clone()
            for name, value in expected.items() if DERIVED.search(name)
        })
    return Conversion(state, dropped, missing)


def _may_lack(kind: str, name: str) -> bool:
    if kind == 'upocr':
        return False
    if kind == 'swinv2':
        return re.match(r'backbone\.(?!norm[0-2]\.)', name) is None
    if kind == 'segmim' and re.match(r'decode_head\.(norms|output_convs)\.',
                                     name):
        return True
    return name.startswith('task_prompt.')


def _same(value: torch.Tensor, expected: torch.Tensor) -> bool:
    return value.shape == expected.shape and torch.allclose(
        value.float(), expected.float(), atol=1e-4)


def export_released(
        state_dict: Mapping[str, torch.Tensor],
        tasks: Sequence[str] = RELEASED_TASKS) -> dict[str, torch.Tensor]:
    """The inverse of :func:`convert_released` for UPOCR.

    Args:
        state_dict: Weights of a :class:`UPOCR` with prompts between encoder
            and decoder.
        tasks: Order of the prompts.

    Returns:
        Weights by the authors' names.

    Raises:
        ValueError: The prompts are not those of ``tasks``, or the weights
            have something that the authors' model has not.
    """
    prompts = {
        name[len(OUR_PROMPTS):]: value
        for name, value in state_dict.items() if name.startswith(OUR_PROMPTS)
    }
    if sorted(prompts) != sorted(tasks):
        raise ValueError(f'the weights have prompts for {sorted(prompts)}, '
                         f'but {list(tasks)} are to be written')
    others = [
        name for name in state_dict if name.startswith('task_prompt.')
        and name[len(OUR_PROMPTS):] not in prompts
    ]
    if others:
        raise ValueError(f"the authors' model has no place for {others[:5]}")
    released = {
        released_name(name):
        _swap_columns(released_name(name), value, to_ours=False)
        for name, value in state_dict.items()
        if not name.startswith(OUR_PROMPTS)
    }
    released[PROMPTS] = torch.stack([prompts[task] for task in tasks])
    return released
