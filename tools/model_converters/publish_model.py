"""Make a small file to publish of a checkpoint of a training.

The weights alone, in half precision, as safetensors, which hold no code:

    python tools/model_converters/publish_model.py iter_9.pth upocr_swinv2-n

writes ``upocr_swinv2-n-1a2b3c4d.safetensors``, named by the beginning of its
SHA-256. The weights are those that a test of the checkpoint uses (with
EMAHook their mean). Of several checkpoints,

    python tools/model_converters/publish_model.py A.pth B.pth upocr_swinv2-n

their mean is written (Wortsman et al., Model soups, ICML 2022). They must be
of one model, each trained on from the one before. Losses, buffers that are
computed from the window size, optimizer and log are left out.
"""
from __future__ import annotations
import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import Sequence

import torch

from upocr_mm.checkpoint import load_tensors, safetensors_of, task_meta_of
from upocr_mm.utils import (UsageError, one_sentence, refuse_same_file,
                            write_whole)

LEFT_OUT = re.compile(r'^losses\.|relative_position_index$')
META = ('upocr', 'iter', 'epoch', 'time', 'experiment_name')


def read_weights(source: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """What is published of a checkpoint: weights and meta data.

    Raises:
        FileNotFoundError: There is no checkpoint.
        ValueError: It is damaged, has no weights, or some that half precision
            cannot hold.
    """
    content = load_tensors(str(source), skip_objects=True)
    state = content.get('state_dict')
    if not isinstance(state, dict) or not all(
            isinstance(value, torch.Tensor)
            for value in state.values()) or not state:
        raise ValueError(f'{source} has no state_dict with weights')
    task_meta_of(content, str(source))
    weights = {k: v for k, v in state.items() if not LEFT_OUT.search(k)}
    for key, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(
                value.half()).all():
            raise ValueError(f'{source}: {key} has values that are not '
                             'finite, or too large for half precision')
    meta = content.get('meta') or {}
    return weights, {key: meta[key] for key in META if key in meta}


def describe_tasks(meta: dict) -> str:
    """Tasks and colors, the same text for tuples and for lists."""
    tasks = meta.get('upocr') or {}
    return json.dumps(
        [tasks.get('tasks'), tasks.get('palettes')], sort_keys=True)


def add_weights(total: dict[str, torch.Tensor], more: dict[str, torch.Tensor],
                source: Path) -> None:
    """Add weights to the sum, in place.

    Raises:
        ValueError: They are of another model.
    """
    for key in sorted({*total, *more}):
        first, other = (
            tuple(state[key].shape) if key in state else None
            for state in (total, more))
        if first != other:
            raise ValueError(f'{source}: {key} must have the shape {first} as '
                             f'in the first checkpoint, got {other}')
    for key, value in more.items():
        if value.is_floating_point():
            total[key] = total[key] + value.double()


def publish(sources: Sequence[Path], target: Path) -> tuple[Path, str, float]:
    """Write the file.

    Args:
        sources: Checkpoints of a training, of which the mean is written, with
            the meta data of the first.
        target: Path of the file without hash and suffix.

    Returns:
        The file, its SHA-256, and the largest relative difference that half
        precision makes in a tensor (of its largest value).

    Raises:
        FileNotFoundError: There is no checkpoint.
        ValueError: One is damaged, has no weights, or some that half precision
            cannot hold, or they are not of one model.
    """
    source, *others = sources
    state, meta = read_weights(source)
    if others:
        state = {
            key: value.double() if value.is_floating_point() else value
            for key, value in state.items()
        }
        for other in others:
            more, other_meta = read_weights(other)
            first, found = map(describe_tasks, (meta, other_meta))
            if found != first:
                raise ValueError(f'{other}: tasks and colors must be {first} '
                                 f'as in the first checkpoint, got {found}')
            add_weights(state, more, other)
    weights, worst = {}, 0.
    for key, value in state.items():
        if others and value.is_floating_point():
            value = value / (1 + len(others))
        weights[key] = value
        if value.is_floating_point():
            weights[key] = half = value.half()
            span = float(value.abs().max().clamp(min=1e-30))
            worst = max(worst, float((half - value).abs().max()) / span)
    data = safetensors_of(dict(state_dict=weights, meta=meta))
    digest = hashlib.sha256(data).hexdigest()
    file = target.with_name(f'{target.name}-{digest[:8]}.safetensors')
    for path in sources:
        refuse_same_file(file, path)
    write_whole(data, file)
    return file, digest, worst


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'sources',
        type=Path,
        nargs='+',
        metavar='source',
        help='checkpoint of a training; of several the mean is written')
    parser.add_argument(
        'target', type=Path, help='path of the file, without hash and suffix')
    args = parser.parse_args()
    with one_sentence():
        if not args.target.name or args.target.is_dir():
            raise UsageError(f'{args.target} is a folder; name the file to '
                             'write, without hash and suffix')
        file, digest, worst = publish(args.sources, args.target)
    print(f'{file}: {file.stat().st_size / 1e6:.1f} MB\nSHA-256: {digest}\n'
          f'half precision changes a tensor by at most {worst:.1e} of its '
          'largest value')


if __name__ == '__main__':
    main()
