"""What a file of the authors holds: whose weights, which size and windows."""
from __future__ import annotations
import re
from fnmatch import fnmatchcase
from typing import Any, Iterable, Mapping

import torch

from ..models.sizes import DECODERS, ENCODERS, SwinSize
from .released_names import ENTRIES, PROMPTS

# Words by which the tasks are known in the names of the authors' data configs
TASK_WORDS = dict(
    text_removal=('enstext', 'scut', 'removal', 'erase'),
    tampered_text_detection=('tamper', ),
    text_segmentation=('textseg', 'segmentation'))
DISCRIMINATOR = 'discriminator'
# Only ViTEraser predicts smaller images and masks.
_OF_VITERASER = ('decoder.intermediate_convs.', 'decoder.mask_conv.',
                 'decoder.norm2.', 'decoder.norm3.')


def find_weights(content: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The state dict of a checkpoint of theirs, without ``module.``.

    That of the discriminator of ViTEraser, which is another entry, is added
    with the prefix ``discriminator.``.

    Args:
        content: The file: a state dict, or one under ``model`` or
            ``state_dict``.

    Raises:
        ValueError: There is no state dict in it.
    """
    states = {'': content}
    for key in ('model', 'state_dict'):
        if isinstance(content.get(key), Mapping):
            states[''] = content[key]
            break
    if isinstance(content.get(DISCRIMINATOR), Mapping):
        states[f'{DISCRIMINATOR}.'] = content[DISCRIMINATOR]
    weights = {
        prefix + re.sub(r'^module\.', '', str(name)): value
        for prefix, state in states.items()
        for name, value in state.items() if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise ValueError('there is no state dict in the file, neither bare '
                         "nor under 'model' or 'state_dict'; it holds "
                         f'{sorted(map(str, content))[:10]}')
    return weights


def other_entries(content: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """What a file holds besides the state dict that is taken from it.

    Args:
        content: The file.

    Returns:
        For each entry the number of its tensors and why it is left out.

    Raises:
        ValueError: An entry holds tensors, and it is not known what for.
    """
    weights = next((key for key in ('model', 'state_dict')
                    if isinstance(content.get(key), Mapping)), None)
    entries, unknown = {}, []
    for name, value in content.items():
        if (name in (weights, DISCRIMINATOR)
                or weights is None and isinstance(value, torch.Tensor)):
            continue
        name, count = str(name), _count_tensors(value)
        reason = next(
            (why for key, why in ENTRIES.items() if fnmatchcase(name, key)),
            None)
        if reason is None and count:
            unknown.append(f'{name} ({count} tensors)')
        entries[name] = count, reason or 'about the training'
    if unknown:
        raise ValueError(
            f'besides the state dict there is {", ".join(unknown)}, but only '
            f'{list(ENTRIES)} may hold tensors there')
    return entries


def _count_tensors(value: Any) -> int:
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return int(isinstance(value, torch.Tensor))
    return sum(map(_count_tensors, value))


def kind_of(names: Iterable[str]) -> str:
    """Whose weights these are.

    Returns:
        ``'upocr'``; ``'viteraser'`` (no prompts); ``'segmim'`` (its
        ``encoder-decoder.pth``: no prompts, only the image at full size);
        ``'segmim_encoder'`` (its ``encoder-finetuned.pth``) or ``'swinv2'``
        (Microsoft's encoder).

    Raises:
        ValueError: It is none of them.
    """
    names = set(names)
    if names & {PROMPTS, 'proj.weight', 'decoder.output_conv.weight'}:
        return 'upocr'
    if any(name.startswith('encoder.backbone.') for name in names):
        if not any(name.startswith('decoder.') for name in names):
            return 'segmim_encoder'
        return 'viteraser' if any(
            name.startswith(_OF_VITERASER) for name in names) else 'segmim'
    if 'patch_embed.proj.weight' in names:
        return 'segmim_encoder' if 'norm0.weight' in names else 'swinv2'
    if any(name.startswith('backbone.stages.') for name in names):
        raise ValueError('the weights have the names of mmpretrain and of '
                         'this project already: nothing to convert')
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
        depths=tuple(len(stage) for stage in stages),
        num_heads=tuple(stage[0] for stage in stages))


def encoder_settings(weights: Mapping[str, torch.Tensor]) -> dict:
    """``embed_dims``, ``depths`` and ``num_heads`` of an encoder.

    Args:
        weights: Released state dict, see :func:`find_weights`.
    """
    prefix = 'encoder.backbone.'
    if not any(name.startswith(prefix) for name in weights):
        prefix = ''
    embed = weights.get(f'{prefix}patch_embed.proj.weight')
    return dict(
        embed_dims=None if embed is None else embed.shape[0],
        **_settings(weights, prefix))


def decoder_settings(weights: Mapping[str, torch.Tensor]) -> dict:
    """``depths`` and ``num_heads`` of a decoder.

    Args:
        weights: Released state dict, see :func:`find_weights`.
    """
    return _settings(weights, 'decoder.')


def detect_arch(weights: Mapping[str, torch.Tensor]) -> str:
    """The size of the model, from the shapes of released weights.

    Args:
        weights: Released state dict, see :func:`find_weights`.

    Returns:
        A name of the tables of sizes, such as ``'small'``.

    Raises:
        ValueError: It is none of the sizes.
    """
    encoder = encoder_settings(weights)
    decoder = decoder_settings(weights)
    for arch, size in ENCODERS.items():
        if _has_size(encoder, size) and (not decoder['depths'] or _has_size(
                decoder, DECODERS[arch])):
            return arch
    raise ValueError(
        f'the weights have none of the known sizes {list(ENCODERS)}: encoder '
        f'{encoder}, decoder {decoder}; a model of another size needs its '
        'configuration (--config)')


def _has_size(settings: dict, size: SwinSize) -> bool:
    return all(value == getattr(size, key) for key, value in settings.items())


def windows_of(
        weights: Mapping[str,
                         torch.Tensor]) -> dict[str, list[tuple[int, int]]]:
    """Window sizes, from the coordinates of the position bias.

    Args:
        weights: State dict of theirs or ours.

    Returns:
        For ``'encoder'`` and ``'decoder'``, where their coordinates are
        among the weights, the pairs of a window and of the window of the
        pre-training (by which the coordinates are normalized) that occur.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for name, table in weights.items():
        if name.endswith('relative_coords_table') and table.ndim == 4:
            windows = found.setdefault(
                'decoder' if name.startswith(
                    ('decoder.', 'decode_head.')) else 'encoder', [])
            window = _window(table)
            if window not in windows:
                windows.append(window)
    return found


def _window(table: torch.Tensor) -> tuple[int, int]:
    """Window and pre-trained window of a table (1, 2 w - 1, 2 w - 1, 2)."""
    window = (table.shape[1] + 1) // 2
    # The largest entry is log2(8 r + 1) / log2(8) of r = (w - 1) / (p - 1).
    ratio = (2**(3 * table.max().item()) - 1) / 8
    return window, round(1 + (window - 1) / ratio) if ratio > 0 else window


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
