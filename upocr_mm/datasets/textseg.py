from __future__ import annotations
import json
from collections import Counter
from pathlib import Path
from typing import Sequence

from mmseg.registry import DATASETS

from ..utils import IGNORE_INDEX, reason_of
from .base_paired_dataset import BasePairedDataset
from .data_check import DataCheckError


@DATASETS.register_module()
class TextSegDataset(BasePairedDataset):
    """TextSeg (text segmentation): images and class maps.

    Layout: ``image/<id>.jpg`` (or another image ending),
    ``semantic_label/<id>_maskfg.png`` and ``split.json``, which lists the
    ids of ``train``, ``val`` and ``test``. Values of the maps: 0 background,
    100 word (class 1), 200 word effect (counts as background, as UPOCR has
    it), 255 ignored; nothing else is allowed.

    Source: Xu et al., Rethinking text segmentation (CVPR 2021).

    Args:
        data_root: Folder of the data set.
        split: One or more keys of ``split.json``. UPOCR trains on
            ``['train', 'val']`` and tests on ``'test'``.
        **kwargs: Arguments of :class:`BasePairedDataset`.
    """

    METAINFO = dict(
        task='text_segmentation',
        classes=('background', 'text'),
        palette=[[0, 0, 0], [255, 255, 255]])
    LABEL_MAP = {0: 0, 100: 1, 200: 0, 255: IGNORE_INDEX}

    def __init__(self,
                 data_root: str,
                 split: str | Sequence[str] = 'train',
                 **kwargs) -> None:
        self.splits = [split] if isinstance(split, str) else list(split)
        super().__init__(data_root, **kwargs)

    def list_samples(self) -> list[dict]:
        """List the pairs that ``split.json`` names."""
        root = Path(self.data_root)
        images = self.index_folder(root / 'image')
        label_folder = root / 'semantic_label'
        labels = self.index_folder(label_folder)
        samples = []
        names = self._names()
        for name in names:
            label = f'{name}_maskfg'
            if name not in images:
                self.note('missing image (split.json names it)',
                          str(root / 'image' / f'{name}.jpg'))
            elif label not in labels:
                self.note_missing(images[name],
                                  str(label_folder / f'{label}.png'))
            else:
                samples.append(
                    dict(
                        img_path=images[name],
                        seg_map_path=labels[label],
                        label_map=self.LABEL_MAP))
        # That a picture which a split names is missing is said above, or by
        # the check of that split.
        used = [f'{name}_maskfg' for name in (*images, *names)]
        self.doubt_unused([*used, *self.elsewhere], labels)
        return samples

    def _names(self) -> list[str]:
        path = Path(self.data_root, 'split.json')
        if not path.is_file():
            self.note('missing file', str(path))
            return []
        try:
            splits = json.loads(path.read_text(encoding='utf-8'))
            names = {split: list(ids) for split, ids in splits.items()}
        except (ValueError, TypeError, AttributeError,
                RecursionError) as error:
            raise DataCheckError(
                f'{path} must hold a JSON object with one list of image ids '
                f'for each split: {reason_of(error)}') from None
        unknown = [split for split in self.splits if split not in names]
        if unknown:
            raise DataCheckError(f'{path} has no split {unknown}, allowed: '
                                 f'{sorted(names)}')
        wrong = [name for ids in names.values() for name in ids
                 if not isinstance(name, str) or '/' in name]  # yapf: disable
        if wrong:
            raise DataCheckError(
                f'{path} must list names of images without folder and '
                f'ending, got {wrong[0]!r}')
        return self._without_repeated(path, names)

    def _without_repeated(self, path: Path,
                          names: dict[str, list[str]]) -> list[str]:
        wanted = [name for split in self.splits for name in names[split]]
        uses = Counter(name for ids in names.values() for name in ids)
        counts = Counter(wanted)
        self.elsewhere = {
            stem
            for name in set(uses) - set(wanted)
            for stem in (name, f'{name}_maskfg')
        }
        for name, count in uses.items():
            places = [split for split, ids in names.items() if name in ids]
            detail = f'{path}: {name} ({count} times, in {places})'
            if counts[name] > 1:
                self.note('id named more than once (once is allowed)', detail)
            elif count > 1 and name in counts:
                self.doubt('id named more than once (once is allowed)', detail)
        return list(dict.fromkeys(wanted))
