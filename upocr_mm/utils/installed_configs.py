from __future__ import annotations
from pathlib import Path

import mmseg

from ..dependencies import REQUIRED


def mmseg_config(name: str) -> str:
    """Path of a config that comes with the installed MMSegmentation.

    For ``_base_``. (mmengine's own ``_base_ = 'mmseg::...'`` looks for a
    distribution called mmsegmentation, which is one of two that provide the
    package.)

    Args:
        name: Path below MMSegmentation's ``configs``.

    Returns:
        Absolute path.

    Raises:
        FileNotFoundError: The installed version has no such config; the
            message says which one has.

    Example:
        >>> _base_ = [
        ...     __import__('upocr_mm.utils').utils.mmseg_config(
        ...         '_base_/models/fcn_unet_s5-d16.py')
        ... ]
    """
    folder = Path(mmseg.__path__[0], '.mim', 'configs')
    if not (folder / name).is_file():
        remedies = ' or '.join(
            f"pip install '{distribution}>={version}'"
            for distribution, version in REQUIRED['mmseg'].items())
        raise FileNotFoundError(
            f'MMSegmentation {mmseg.__version__}, which is installed, has no '
            f'config {name} (in {folder}), from which this one inherits; '
            f'install a version that has it: {remedies}')
    return str(folder / name)
