from __future__ import annotations
import errno
import os
import tempfile
from pathlib import Path
from typing import Any, Mapping

from mmengine.config import Config

from .reason_of import reason_of
from .sentences import UsageError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def read_config(file: str | Path,
                options: Mapping[str, Any] | None = None,
                import_custom_modules: bool = False) -> Config:
    """Read a config; say in one sentence what is wrong with it.

    Args:
        file: The config.
        options: Changes of it (``--cfg-options``).
        import_custom_modules: Whether what ``custom_imports`` names is
            imported.

    Returns:
        The config with the changes.

    Raises:
        UsageError: It is not there, no config, cannot be read, or has no
            place for a change.
        OSError: There is no room for the copy that mmengine makes.
    """
    file = Path(file)
    if not file.is_file():
        what = 'is no file' if file.exists() else 'does not exist'
        what = 'is a folder' if file.is_dir() else what
        raise UsageError(f'the config {file} {what}')
    if file.suffix not in ('.py', '.json', '.yaml', '.yml'):
        raise UsageError(f'the config {file} must end in .py, .json or .yaml')
    try:
        cfg = Config.fromfile(
            file, import_custom_modules=import_custom_modules)
    except Exception as error:  # a config is a program
        code = getattr(error, 'errno', None)
        if code in NO_ROOM:  # mmengine reads a copy of it
            raise OSError(code, f'{os.strerror(code)} (a copy of {file})',
                          tempfile.gettempdir()) from error
        raise UsageError(
            f'the config {file} cannot be read: '
            f'{type(error).__name__}: {reason_of(error)}') from error
    if not isinstance(cfg._cfg_dict, dict):
        raise UsageError(f'the config {file} holds no fields')
    for key, value in (options or {}).items():
        if key.split('.')[0] == 'custom_imports':
            raise UsageError(
                f'--cfg-options {key}={value}: what custom_imports '
                'names is imported before; write it in a config')
        try:
            cfg.merge_from_dict({key: value})
        except Exception as error:
            raise UsageError(
                f'--cfg-options {key}={value}: '
                f'{type(error).__name__}: {reason_of(error)}') from error
    return cfg
