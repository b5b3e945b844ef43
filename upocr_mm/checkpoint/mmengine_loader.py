"""Every checkpoint that mmengine loads is read as data."""
from __future__ import annotations
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import barrier, get_rank
from mmengine.runner.checkpoint import CheckpointLoader, load_from_local

from ..utils.safe_load import load_tensors

# Set to 1, files are read as mmengine does, which runs code in them.
TRUST = 'UPOCR_TRUST_CHECKPOINTS'


def load_from_data(filename: str, map_location: Any = None) -> dict:
    """Read a checkpoint for ``load_from``, ``--resume``, ``Pretrained``...

    Args:
        filename: See :func:`load_tensors`.
        map_location: As for ``torch.load``.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no checkpoint, damaged, or holds more than data,
            unless the environment variable :data:`TRUST` is 1.
    """
    filename = os.path.expanduser(filename)
    if os.environ.get(TRUST) == '1':
        return load_from_local(filename, map_location)
    try:
        content = load_tensors(filename, map_location=map_location)
    except ValueError as error:
        if not str(error).endswith('refused'):
            raise
        raise ValueError(f'{error}. If you trust it, set {TRUST}=1') from None
    # Checkpoints of before mmengine have one, which mmengine would execute to
    # compare the number of GPUs.
    if isinstance(content.get('meta'), dict):
        content['meta'].pop('config', None)
    return content


def load_from_url(url: str, map_location: Any = None) -> dict:
    """Download a checkpoint once, and read it like one of this machine.

    Args:
        url: ``http://`` or ``https://``.
        map_location: As for ``torch.load``.

    Returns:
        Its content.

    Raises:
        OSError: The download failed.
        ValueError: See :func:`load_from_data`.
    """
    folder = Path(torch.hub.get_dir(), 'checkpoints')
    file = folder / url.split('?')[0].rsplit('/', 1)[-1]
    if get_rank() == 0 and not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        # Whole or not at all.
        torch.hub.download_url_to_file(url, str(file))
    barrier()
    return load_from_data(str(file), map_location)


def register() -> None:
    """Put our readers in the place of mmengine's."""
    CheckpointLoader.register_scheme('', load_from_data, force=True)
    CheckpointLoader.register_scheme(('http://', 'https://'),
                                     load_from_url,
                                     force=True)
