"""Weights as the authors of UPOCR, ViTEraser and Swin-v2 publish them."""
from __future__ import annotations
import re
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

import torch

from .compare import DERIVED
from .released_files import kind_of
from .released_names import BARE_ENCODERS
from .released_names import DERIVED as DERIVED_GROUPS
from .released_names import (OUR_PROMPTS, PROMPTS, dropped_group,
                             released_name, standard_name, swap_columns)

# The prompts of the released weights have no names, only this order.
RELEASED_TASKS = ('text_removal', 'tampered_text_detection',
                  'text_segmentation')
# Our names that the weights of each kind may lack.
_LACKING = dict(
    upocr=r'(?!)',
    viteraser=r'task_prompt\.|discriminator\.',
    segmim=r'task_prompt\.|decode_head\.(norms|output_convs)\.[01]\.'
    r'|mask_branch\.|discriminator\.',
    segmim_encoder=r'(?!backbone\.)|backbone\.mask_token',
    swinv2=r'(?!backbone\.)|backbone\.(norm\d\.|mask_token)')
# What a bare encoder may bring along.
_OF_ENCODER = ('backbone.', 'text_head.')


class Conversion(NamedTuple):
    """Released weights in our form.

    Attributes:
        state_dict: Weights by our names. Those of UPOCR have the buffers
            that follow from the window size with them, which are compared;
            others do not, because they are to continue with other windows.
        dropped: Names in the file that were left out, by their group, a key
            of :data:`~.released_names.DROPPED`.
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
        they are: ViTEraser has no prompts, SegMIM no smaller images either,
        its encoder and Swin-v2 only the backbone, the latter without the
        norms of the outputs. What a training alone has (discriminator, mask
        branch, mask token, text head) is converted if ``expected`` has it and
        dropped otherwise.

    Raises:
        ValueError: Names or shapes differ in what is not explained by that,
            or the windows of UPOCR's weights are not those of the model.
    """
    kind = kind_of(weights)
    table = {
        released_name(name, kind): name
        for name in expected if not name.startswith(OUR_PROMPTS) and (
            kind not in BARE_ENCODERS or name.startswith(_OF_ENCODER))
    }
    state: dict[str, torch.Tensor] = {}
    dropped: dict[str, list[str]] = {}
    errors = []
    for name, value in weights.items():
        ours = table.get(standard_name(name, kind))
        group = dropped_group(name, kind)
        if group in DERIVED_GROUPS or group is not None and ours is None:
            dropped.setdefault(group, []).append(name)
            if kind == 'upocr' and ours and not _same(value, expected[ours]):
                errors.append(f'windows differ: {name}')
        elif ours is not None:
            state[ours] = value
        elif name == PROMPTS:
            if len(value) != len(tasks):
                errors.append(f'{name} holds {len(value)} prompts, for '
                              f'{len(tasks)} tasks: {", ".join(tasks)}')
            state.update({
                f'{OUR_PROMPTS}{task}': prompt.clone()
                for task, prompt in zip(tasks, value)
            })
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
        f'missing: {released_name(name, kind)} ({name} of the model)'
        for name in missing if not re.match(_LACKING[kind], name)
    ]
    if errors:
        more = f'\n... and {len(errors) - 20} more' if errors[20:] else ''
        raise ValueError(f'weights of the kind {kind!r} do not fit the '
                         'model:\n' + '\n'.join(errors[:20]) + more)
    state = {
        name: swap_columns(name, value, to_ours=True)
        for name, value in state.items()
    }
    if kind == 'upocr':
        state.update({
            name: value.clone()
            for name, value in expected.items() if DERIVED.search(name)
        })
    return Conversion(state, dropped, missing)


def _same(value: torch.Tensor, expected: torch.Tensor) -> bool:
    # In the precision of the file: tables reach 1 and more.
    return value.shape == expected.shape and torch.allclose(
        value.float(), expected.to(value.dtype).float(), atol=1e-4)


def replace_encoder(whole: Conversion, encoder: Conversion) -> Conversion:
    """Everything but the encoder from one file, the encoder from another.

    ViTEraser starts so from the two files of SegMIM.

    Args:
        whole: Weights of encoder and decoder.
        encoder: Weights of an encoder of the same size.

    Returns:
        Both in one, with what was dropped from either.
    """
    state = {
        name: value
        for name, value in whole.state_dict.items()
        # Bare encoders have no mask token.
        if not name.startswith('backbone.') or name == 'backbone.mask_token'
    }
    state.update(encoder.state_dict)
    dropped = dict(whole.dropped)
    for group, names in encoder.dropped.items():
        dropped[group] = dropped.get(group, []) + names
    return Conversion(state, dropped, whole.missing)


def kind_of_ours(state_dict: Iterable[str], meta: Mapping[str, Any]) -> str:
    """As whose weights a checkpoint of ours is exported.

    Args:
        state_dict: Its weights, or their names.
        meta: ``meta['upocr']`` of it.

    Returns:
        See :func:`kind_of`: of SegMIM's second stage ``'segmim_encoder'``.
    """
    if any(name.startswith('mask_branch.') for name in state_dict):
        return 'viteraser'
    if any(name.startswith('text_head.') for name in state_dict):
        return 'segmim_encoder' if meta.get('stage') == 2 else 'segmim'
    return 'upocr'


def export_released(state_dict: Mapping[str, torch.Tensor],
                    tasks: Sequence[str] = RELEASED_TASKS,
                    kind: str = 'upocr') -> dict[str, torch.Tensor]:
    """The inverse of :func:`convert_released`.

    Args:
        state_dict: Weights of a :class:`UPOCR` with prompts between encoder
            and decoder, of a :class:`ViTEraser` or a :class:`SegMIM`.
        tasks: Order of the prompts, for UPOCR.
        kind: As whose weights they are written, see :func:`kind_of`:
            ``'segmim'`` and ``'segmim_encoder'`` are the two files of SegMIM.
            Those of ViTEraser have the discriminator with the prefix
            ``discriminator.``.

    Returns:
        Weights by the authors' names.

    Raises:
        ValueError: The prompts are not those of ``tasks``, the weights have
            something that the authors' model has not, or are of another kind.
    """
    prompts = {
        name[len(OUR_PROMPTS):]: value
        for name, value in state_dict.items() if name.startswith(OUR_PROMPTS)
    }
    wanted = tasks if kind == 'upocr' else ()
    if sorted(prompts) != sorted(wanted):
        raise ValueError(f'the weights have prompts for {sorted(prompts)}, '
                         f'but {list(wanted)} are to be written')
    others = [
        name for name in state_dict if name.startswith('task_prompt.')
        and name[len(OUR_PROMPTS):] not in prompts
    ]
    if others:
        raise ValueError(f"the authors' model has no place for {others[:5]}")
    released = {
        released_name(name, kind): swap_columns(name, value, to_ours=False)
        for name, value in state_dict.items()
        if not name.startswith(OUR_PROMPTS) and (
            kind != 'segmim_encoder'
            or name.startswith('backbone.') and name != 'backbone.mask_token')
    }
    if kind == 'upocr':
        shapes = {tuple(prompts[task].shape) for task in tasks}
        if len(shapes) > 1:
            raise ValueError('the prompts must have the same shape, but have '
                             f'{sorted(shapes)}')
        released[PROMPTS] = torch.stack([prompts[task] for task in tasks])
    found = kind_of(released)
    if found != kind:
        raise ValueError(f'these are no weights of the kind {kind!r}, but '
                         f'those of {found!r}')
    return released
