"""Every checkpoint that mmengine loads is read as data."""
from __future__ import annotations
import difflib
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import barrier, get_rank
from mmengine.fileio import get_file_backend
from mmengine.runner.checkpoint import (CheckpointLoader, _get_mmengine_home,
                                        _process_mmcls_checkpoint,
                                        get_deprecated_model_names,
                                        get_external_models, get_mmcls_models,
                                        get_torchvision_models,
                                        load_from_local)

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
        try:
            # Whole or not at all.
            torch.hub.download_url_to_file(url, str(file))
        except OSError as error:
            raise OSError(f'{url} could not be downloaded: {error}') from None
    barrier()
    return load_from_data(str(file), map_location)


def load_from_zoo(name: str, map_location: Any = None) -> dict:
    """Read a checkpoint by its name in a list of mmengine.

    Args:
        name: ``torchvision://resnet50``, ``open-mmlab://...``, ``mmcls://...``
            or an older spelling of these.
        map_location: As for ``torch.load``.

    Returns:
        Its content; of ``mmcls://`` the backbone alone, as mmengine does.

    Raises:
        ValueError: The list has no such name; else see
            :func:`load_from_url`.
    """
    scheme, _, key = name.partition('://')
    key = get_deprecated_model_names().get(key, key)
    urls = _LISTS[scheme]()
    if key not in urls:
        near = difflib.get_close_matches(key, urls, 3)
        raise ValueError(f'{name} is not in the list of mmengine' + (
            f'; near to it are {", ".join(near)}' if near else ''))
    address = urls[key]
    if '://' in address:
        content = load_from_url(address, map_location)
    else:  # of the user's own list, beside which it lies
        content = load_from_data(
            os.path.join(_get_mmengine_home(), address), map_location)
    return _process_mmcls_checkpoint(content) if scheme == 'mmcls' else content


def load_from_store(uri: str, map_location: Any = None) -> dict:
    """Read a checkpoint of an object store.

    Args:
        uri: ``s3://`` or ``petrel://``, also behind the name of a cluster.
        map_location: As for ``torch.load``.

    Returns:
        Its content.

    Raises:
        ValueError: See :func:`load_from_data`.
    """
    backend = get_file_backend(uri, backend_args=dict(backend='petrel'))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, uri.rsplit('/', 1)[-1])
        file.write_bytes(backend.get(uri))
        return load_from_data(str(file), map_location)


def refuse(uri: str, map_location: Any = None) -> dict:
    """Refuse a scheme that we have no reader for.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f'{uri}: checkpoints of this scheme are not read; '
                     'download the file and name it')


_LISTS = dict.fromkeys(('modelzoo', 'torchvision'), get_torchvision_models)
_LISTS.update(
    dict.fromkeys(('open-mmlab', 'openmmlab'), get_external_models),
    mmcls=get_mmcls_models)


def register() -> None:
    """Put our readers in the place of all of mmengine's."""
    readers = {
        '': load_from_data,
        'http://': load_from_url,
        'https://': load_from_url,
        r'(\S+\:)?s3://': load_from_store,
        r'(\S+\:)?petrel://': load_from_store,
        **{
            f'{scheme}://': load_from_zoo
            for scheme in _LISTS
        },
    }
    for scheme in {*readers, *CheckpointLoader._schemes}:
        CheckpointLoader.register_scheme(
            scheme, readers.get(scheme, refuse), force=True)
