from __future__ import annotations
import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from ..utils import write_whole


def safetensors_of(content: dict[str, Any]) -> bytes:
    """A checkpoint as a file of safetensors, as :func:`load_tensors` reads it.

    Args:
        content: ``state_dict``, of tensors, and ``meta``, of what JSON holds.
    """
    weights = {
        name: value.clone(memory_format=torch.contiguous_format)
        for name, value in content['state_dict'].items()
    }
    # One entry: several would come in another order each time.
    return save(weights, dict(meta=json.dumps(content['meta'])))


def write_checkpoint(content: dict[str, Any], file: Path) -> None:
    """Write a checkpoint whole or not at all, in the format of its ending.

    Args:
        content: What it shall hold; for safetensors see
            :func:`safetensors_of`.
        file: Ends in ``.safetensors``, or is written by ``torch.save``. Its
            folder is made.

    Raises:
        OSError: It cannot be written; an old file stays as it was.
    """
    if file.suffix.lower() == '.safetensors':
        write_whole(safetensors_of(content), file)
        return
    stream = io.BytesIO()
    torch.save(content, stream)
    write_whole(stream.getbuffer(), file)
