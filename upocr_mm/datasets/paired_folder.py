from __future__ import annotations
from pathlib import Path

import numpy as np
from mmseg.registry import DATASETS

from ..utils import IGNORE_INDEX
from .base_paired_dataset import BasePairedDataset


@DATASETS.register_module()
class PairedFolderDataset(BasePairedDataset):
    """Your own images and targets, for any task.

    Image and target have equal file names; the endings may differ.

    Args:
        task: Name of the task, for instance ``'text_removal'``.
        data_root: Folder that ``data_prefix`` is relative to.
        data_prefix: Folders: ``img_path`` (images), ``target_path``
            (targets), and, for image targets only, optionally ``mask_path``
            (text masks).
        target_type: ``'image'`` if the target is an image, ``'classes'`` if
            it is a class map.
        label_map: The class of each value that may occur in a class map;
            other values are errors. **Class 255 is ignored**: a map in which
            255 means "ignore" needs the entry ``255: 255``; with the default
            ``{0: 0, 255: 1}`` it is class 1.
        mask_text_value: The value of text in the masks, 0 (as SCUT-EnsText
            has it) or 255. Masks are thresholded at 128.
        metainfo: May give ``classes`` and ``palette`` of class maps. By
            default classes are named by their numbers.
        **kwargs: Arguments of :class:`BasePairedDataset`.

    Raises:
        ValueError: If an argument has a value that is not allowed.

    Examples:
        >>> dataset = PairedFolderDataset(
        ...     'text_segmentation', 'data/mine', target_type='classes',
        ...     label_map={0: 0, 1: 1, 255: 255},
        ...     metainfo=dict(classes=('background', 'text')))
    """

    METAINFO: dict = dict()

    def __init__(self,
                 task: str,
                 data_root: str,
                 data_prefix: dict = dict(
                     img_path='image', target_path='label'),
                 target_type: str = 'image',
                 label_map: dict[int, int] | None = None,
                 mask_text_value: int = 0,
                 metainfo: dict | None = None,
                 **kwargs) -> None:
        if target_type not in ('image', 'classes'):
            raise ValueError("target_type must be 'image' or 'classes', got "
                             f'{target_type!r}')
        if mask_text_value not in (0, 255):
            raise ValueError('mask_text_value must be 0 or 255, got '
                             f'{mask_text_value!r}')
        allowed = {'img_path', 'target_path'}
        if target_type == 'image':
            allowed.add('mask_path')
        if not {'img_path', 'target_path'} <= set(data_prefix) <= allowed:
            raise ValueError(
                f'data_prefix of target_type {target_type!r} must have the '
                "keys img_path and target_path, and may have mask_path if it "
                f"is 'image', got {sorted(data_prefix)}")
        if label_map is not None and target_type == 'image':
            raise ValueError("label_map is for target_type 'classes' only")
        self.target_type = target_type
        self.mask_text_value = mask_text_value
        metainfo = dict(metainfo or {})
        if target_type == 'classes':
            self.label_map = _checked_label_map(label_map)
            _set_classes(metainfo, self.label_map)
        super().__init__(
            data_root,
            task,
            data_prefix=data_prefix,
            metainfo=metainfo,
            **kwargs)

    def list_samples(self) -> list[dict]:
        """List the images with their targets."""
        folders = {
            key: self.index_folder(Path(folder))
            for key, folder in self.data_prefix.items()
        }
        samples = []
        images = folders.pop('img_path')
        for files in folders.values():
            self.doubt_unused(images, files)
        for stem, img_path in images.items():
            missing = [key for key in folders if stem not in folders[key]]
            for key in missing:
                self.note_missing(img_path,
                                  f'{self.data_prefix[key]}/{stem}.*')
            if not missing:
                paths = {key: files[stem] for key, files in folders.items()}
                samples.append(dict(img_path=img_path, **self._target(paths)))
        return samples

    def _target(self, paths: dict[str, str]) -> dict:
        if self.target_type == 'classes':
            return dict(
                seg_map_path=paths['target_path'], label_map=self.label_map)
        if 'mask_path' in paths:
            return dict(paths, mask_text_value=self.mask_text_value)
        return paths


def _checked_label_map(label_map: dict | None) -> dict[int, int]:
    given = {0: 0, 255: 1} if label_map is None else label_map
    try:
        # Keys arrive as strings from a dumped configuration.
        checked = {int(value): int(label) for value, label in given.items()}
    except (ValueError, TypeError, AttributeError):
        checked = {}
    if not checked or not all(0 <= number <= 255 for item in checked.items()
                              for number in item):
        raise ValueError('label_map must map values of 0 to 255 to classes '
                         f'of 0 to 254 or 255 (ignored), got {given!r}')
    return checked


def _set_classes(metainfo: dict, label_map: dict[int, int]) -> None:
    count = max(
        label
        for label in (0, *label_map.values()) if label != IGNORE_INDEX) + 1
    classes = metainfo.setdefault('classes', [str(i) for i in range(count)])
    if len(classes) < count:
        raise ValueError(f'label_map has class {count - 1}, but metainfo '
                         f'names only the classes {list(classes)}')
    # Fixed random colors, as mmseg's BaseSegDataset gives.
    colors = np.random.RandomState(42).randint(0, 256, (len(classes), 3))
    metainfo.setdefault('palette', colors.tolist())
