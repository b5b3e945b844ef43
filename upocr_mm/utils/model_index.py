"""The models of the package by name: its metafiles, and their weights."""
from __future__ import annotations
import hashlib
import re
from pathlib import Path
from typing import Any

from mmengine.fileio import load

PACKAGE = Path(__file__).resolve().parents[1]
COLLECTIONS = ('UPOCR', 'ViTEraser')


def config_root() -> Path:
    """The folder with ``configs`` and ``model-index.yml``.

    That of a clone, or ``.mim`` of an installed package.
    """
    clone = PACKAGE.parent
    return clone if (clone / 'model-index.yml').is_file() else (PACKAGE /
                                                                '.mim')


def list_models(pattern: str = '.*') -> list[dict[str, Any]]:
    """Entries of the model index that predict pictures: UPOCR, ViTEraser.

    Args:
        pattern: Regular expression that the name or an alias begins with.

    Returns:
        The entries (without the baselines of MMSegmentation), whose
        ``Config`` is an absolute path; ``Weights`` is there if weights
        come with the package, with ``SHA256`` among the metadata.
    """
    root = config_root()
    entries = []
    for file in load(root / 'model-index.yml')['Import']:
        for entry in load(root / file).get('Models') or []:
            if entry['In Collection'] in COLLECTIONS and any(
                    re.match(pattern, name) for name in names_of(entry)):
                entries.append(dict(entry, Config=str(root / entry['Config'])))
    return entries


def names_of(entry: dict[str, Any]) -> list[str]:
    """Name and aliases of an entry of the model index."""
    alias = entry.get('Alias', [])
    return [entry['Name'], *([alias] if isinstance(alias, str) else alias)]


def find_model(model: str | Path,
               weights: str | Path | None) -> tuple[Path, Path]:
    """Configuration and weights of a model, by path or name.

    Args:
        model: Path of a configuration, or a name or alias of the index.
        weights: Path of a checkpoint; by default that of the index.

    Returns:
        Their paths.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: There is no such model, no weights are known, or those
            of the package are damaged.
    """
    entries = list_models()
    config = Path(model)
    entry: dict[str, Any] = {}
    if not config.is_file():
        if config.suffix == '.py':
            raise FileNotFoundError(f'the configuration {model} does not '
                                    'exist')
        found = [e for e in entries if str(model) in names_of(e)]
        if not found:
            raise ValueError(f'there is no model {str(model)!r}; '
                             '`upocr models` lists them')
        entry, = found[:1]
        config = Path(entry['Config'])
    if weights is None:
        weights = entry.get('Weights')
        if weights is None:
            raise ValueError(
                f'no weights come with the model {str(model)!r}; name a '
                'checkpoint (weights, --weights) of a training, or one of '
                'tools/model_converters/upocr2mm.py')
        weights = config_root() / weights
        _check_hash(weights, entry)
    if not Path(weights).is_file():
        what = 'is no file' if Path(weights).exists() else 'does not exist'
        raise FileNotFoundError(f'the checkpoint {weights} {what}')
    return config, Path(weights)


def _check_hash(file: Path, entry: dict[str, Any]) -> None:
    """Refuse weights of the package that are not those of the index.

    Raises:
        FileNotFoundError: They are not there.
        ValueError: They were altered or exchanged.
    """
    again = 'install the package again, or name a checkpoint'
    if not file.is_file():
        raise FileNotFoundError(
            f'{file}, the weights that come with the package, do not exist; '
            f'{again}')
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    expected = entry['Metadata']['SHA256']
    if digest != expected:
        raise ValueError(f'{file} is damaged or was exchanged: its SHA-256 is '
                         f'{digest}, but must be {expected}; {again}')
