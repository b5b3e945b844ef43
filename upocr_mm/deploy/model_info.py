from __future__ import annotations
import dataclasses
import hashlib
import json
from typing import Any, Mapping

import torch

from ..version import __version__

# Under this key the description stands among the metadata of a file.
METADATA_KEY = 'upocr_mm'
FORMAT_VERSION = 1


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """What an exported file says of itself.

    Attributes:
        name: Name of the configuration.
        tasks: Names of the outputs, in their order in the file.
        input_size: Height and width of the images in pixels.
        batch_size: Number of images.
        precision: ``'float32'``, or ``'int8'`` for a quantized network.
        task_meta: ``task_meta`` of the model: the tasks of its weights, and
            the palettes (RGB, 0 to 255) of those with classes in colors.
        weights_sha256: See :func:`hash_weights`; the same for all files that
            were exported from the same weights.
        package_version: Version of this package.
        format_version: Version of this description.
    """
    name: str
    tasks: tuple[str, ...]
    input_size: tuple[int, int]
    batch_size: int
    precision: str
    task_meta: dict
    weights_sha256: str
    package_version: str = __version__
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """The description as text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str | None, filename: str) -> ModelInfo:
        """The inverse of :meth:`to_json`.

        Args:
            text: The text, or None if the file has none.
            filename: Name of the file, for messages.

        Returns:
            The description.

        Raises:
            ValueError: There is no text, or it is none of :meth:`to_json`,
                or one of a newer version of this package.
        """
        if text is None:
            raise ValueError(
                f'{filename} was not written by tools/deployment/'
                f'export_onnx.py: its metadata has no entry {METADATA_KEY!r}')
        try:
            content = json.loads(text)
            version = content['format_version']
            if version == FORMAT_VERSION:
                content['tasks'] = tuple(content['tasks'])
                content['input_size'] = tuple(content['input_size'])
                return cls(**content)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f'the entry {METADATA_KEY!r} of the metadata of '
                             f'{filename} is damaged: {error!r}') from None
        raise ValueError(f'{filename} has format {version} of upocr_mm '
                         f'{content.get("package_version")}, this is upocr_mm '
                         f'{__version__}, which reads format {FORMAT_VERSION}')


def hash_weights(state_dict: Mapping[str, Any]) -> str:
    """SHA-256 of names, types, shapes and values of the tensors.

    Args:
        state_dict: State dict of a model.
    """
    digest = hashlib.sha256()
    for name in sorted(state_dict):
        value = state_dict[name]
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().contiguous()
            digest.update(
                f'{name} {value.dtype} {tuple(value.shape)}'.encode())
            digest.update(value.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
