"""Weights of the package by the name of their model, as ``load_from``."""
from __future__ import annotations
from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader

from ..utils.model_index import find_model
from ..utils.safe_load import load_tensors

SCHEME = 'upocr://'


def load_from_package(filename: str, map_location: Any = None) -> dict:
    """Read the weights that come with the package.

    Args:
        filename: ``upocr://`` and a name or alias of the model index.
        map_location: As for ``torch.load``.

    Returns:
        Their content.

    Raises:
        FileNotFoundError: They are not there.
        ValueError: There is no such model, it has no weights, or they are
            damaged or were exchanged.
    """
    _, weights = find_model(filename[len(SCHEME):], None)
    return load_tensors(str(weights), map_location=map_location)


def register() -> None:
    """Make the scheme known to mmengine."""
    CheckpointLoader.register_scheme(SCHEME, load_from_package, force=True)
