"""The data sets of a configuration or of a folder."""
from __future__ import annotations
import inspect
import json
from pathlib import Path
from typing import Any, Iterator

from mmengine.config import ConfigDict
from mmengine.dataset import Compose
from mmseg.registry import DATASETS

from ...utils import reason_of
from ..base_paired_dataset import BasePairedDataset
from ..data_check import turns_images
from .data_part import DataPart

SPLITS = ('train', 'val', 'test')
# How deep below a folder data sets are looked for: data/<task>/<data set>.
MAX_DEPTH = 3


def parts_of_config(cfg: ConfigDict) -> tuple[list[DataPart], list[str]]:
    """The data sets of the loaders of a configuration.

    Args:
        cfg: With ``train_dataloader``, ``val_dataloader`` or
            ``test_dataloader``. Wrappers (several tasks, concatenated,
            repeated) are looked into.

    Returns:
        The data sets, and notes on what is left out: validation data that
        are the test data, and data sets that read no pairs of files.

    Raises:
        ValueError: There is nothing to check, or a data set cannot be built.
    """
    parts, notes = [], []
    leaves = {
        split: list(_leaves(loaded_dataset(cfg, split), []))
        for split in SPLITS if cfg.get(f'{split}_dataloader')
    }
    tested = [_without_pipeline(leaf) for leaf, _ in leaves.get('test', [])]
    for split, found in leaves.items():
        for leaf, pipeline in found:
            kind = _class_of(leaf)
            if split == 'val' and _without_pipeline(leaf) in tested:
                notes.append(f'val: {kind.__name__} is that of test')
            elif not issubclass(kind, BasePairedDataset):
                notes.append(f'{split}: {kind.__name__} reads no pairs of '
                             'files, it is not checked')
            else:
                dataset, turns = _build(leaf, pipeline)
                parts.append(DataPart(dataset.task, split, dataset, turns))
    if not parts:
        raise ValueError('; '.join([
            'the configuration has no data set of pairs of files in '
            'train_dataloader, val_dataloader or test_dataloader', *notes
        ]))
    return parts, notes


def loaded_dataset(cfg: ConfigDict, split: str) -> ConfigDict:
    """The data set of a loader of a configuration.

    Args:
        cfg: The configuration.
        split: ``'train'``, ``'val'`` or ``'test'``.

    Raises:
        ValueError: There is none.
    """
    loader = cfg[f'{split}_dataloader']
    dataset = loader.get('dataset') if isinstance(loader, dict) else None
    if not isinstance(dataset, dict):
        raise ValueError(f'{split}_dataloader must have the dict of a data '
                         f'set as its dataset, got {dataset!r}')
    return dataset


def parts_in_folder(folder: str | Path,
                    options: dict[str, Any] | None = None) -> list[DataPart]:
    """The data sets in a folder, recognized by their layouts.

    Those of SCUT-EnsText, TextSeg and Tampered-IC13 with the splits that are
    there, and ``image`` and ``label`` (with or without ``mask``), which
    :class:`PairedFolderDataset` reads.

    Args:
        folder: Folder of one data set or, up to three levels above, of
            several.
        options: Further arguments of the data sets, for instance
            ``target_type`` of a :class:`PairedFolderDataset`. One that a data
            set does not know is left out for it.

    Raises:
        ValueError: No data set is there, none knows an option, or an option
            has a value that is not allowed.
    """
    folder, options = Path(folder), options or {}
    parts, known = [], set()
    for root in _roots(folder, MAX_DEPTH):
        name = root.relative_to(folder).as_posix()
        name = folder.resolve().name if name == '.' else name
        for split, cfg in _layout(root, options):
            parameters = inspect.signature(_class_of(cfg).__init__).parameters
            fitting = {k: v for k, v in options.items() if k in parameters}
            known |= set(fitting)
            dataset, _ = _build({**cfg, **fitting}, [])
            parts.append(DataPart(name, split, dataset))
    if not parts:
        raise ValueError(
            f'{folder} holds no data set of a known layout: SCUT-EnsText '
            '(train/image or train/all_images), TextSeg (split.json and '
            'image), Tampered-IC13 (train_img and train_gt) or image and '
            'label')
    if set(options) - known:
        raise ValueError(f'the data sets in {folder} have no option '
                         f'{sorted(set(options) - known)}')
    return parts


def _leaves(cfg: dict | None, pipeline: list) -> Iterator[tuple[dict, list]]:
    """Configurations of data sets, each with the steps of its wrappers."""
    if cfg is None:  # a disabled task
        return
    outer = [*cfg.get('pipeline', []), *pipeline]
    if 'datasets' in cfg:
        children = cfg['datasets']
        for child in getattr(children, 'values', lambda: children)():
            yield from _leaves(child, outer)
    elif 'dataset' in cfg:
        yield from _leaves(cfg['dataset'], outer)
    else:
        yield cfg, pipeline


def _without_pipeline(cfg: dict) -> dict:
    return {key: value for key, value in cfg.items() if key != 'pipeline'}


def _class_of(cfg: dict) -> type:
    kind = cfg.get('type')
    found = DATASETS.get(kind) if isinstance(kind, str) else kind
    if not inspect.isclass(found):
        raise ValueError(f'type of a data set must be a registered class, got '
                         f'{kind!r}')
    return found


def _build(cfg: dict, pipeline: list) -> tuple[BasePairedDataset, bool]:
    """The data set, and whether it or the further steps turn images."""
    try:
        dataset = DATASETS.build(dict(cfg, lazy_init=True))
        turns = map(turns_images, (dataset.pipeline, Compose(pipeline)))
        return dataset, any(turns)
    except (TypeError, KeyError) as error:
        raise ValueError(f'{_class_of(cfg).__name__} cannot be built: '
                         f'{reason_of(error)}') from error


def _roots(folder: Path, depth: int) -> Iterator[Path]:
    if any(True for _ in _layout(folder, {})):
        yield folder
    elif depth:
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not child.name.startswith('.'):
                yield from _roots(child, depth - 1)


def _layout(root: Path, options: dict) -> Iterator[tuple[str, dict]]:
    """Split and configuration of the data sets that a folder is."""

    def has(*folders: str) -> bool:
        return any((root / folder).is_dir() for folder in folders)

    common = dict(data_root=str(root))
    if (root / 'split.json').is_file() and has('image', 'semantic_label'):
        for split in _split_names(root / 'split.json'):
            yield split, dict(common, type='TextSegDataset', split=split)
        return
    for split in SPLITS:
        if has(*(f'{split}/{sub}'
                 for sub in ('image', 'label', 'all_images', 'all_labels'))):
            yield split, dict(common, type='SCUTEnsTextDataset', split=split)
        if has(f'{split}_img', f'{split}_gt'):
            yield split, dict(common, type='TamperedIC13Dataset', split=split)
    if has('image') and has('label'):
        prefix = dict(img_path='image', target_path='label')
        if has('mask') and options.get('target_type', 'image') == 'image':
            prefix['mask_path'] = 'mask'
        yield 'all', dict(
            common,
            type='PairedFolderDataset',
            task=root.resolve().name,
            data_prefix=prefix)


def _split_names(file: Path) -> list[str]:
    """The splits of TextSeg that have samples."""
    try:
        splits = json.loads(file.read_text(encoding='utf-8'))
        names = [name for name in splits if splits[name]]
    except (ValueError, TypeError, LookupError, RecursionError):
        names = []
    return names or ['train']  # the data set says what is wrong
