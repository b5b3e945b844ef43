from __future__ import annotations
import json
from collections import Counter
from pathlib import Path
from typing import Sequence

from ..base_paired_dataset import IMAGE_SUFFIXES
from ..data_check import DataCheckError, Problem
from ..textseg import TextSegDataset
from .converter import Converter, Plan, Sample, find_folder
from .raw_files import RawFile


class TextSegConverter(Converter):
    """TextSeg: found by ``split.json``, checked and put into place.

    A download has ``image``, ``semantic_label`` (also as ``.tar.gz``) and
    ``split.json``; the same is made of it. The authors give their labels in
    two versions; the older one, in ``semantic_label_v1``, is that of their
    paper.

    Args:
        splits: The splits to convert. Defaults to None: all.
        label_version: 1 or 2, the one to take.
    """

    counts = dict(train=2646, val=340, test=1038)
    layout = ('image, semantic_label (as folders or archives) and '
              'split.json')

    def __init__(self,
                 splits: Sequence[str] | None = None,
                 label_version: int = 2) -> None:
        super().__init__(splits)
        if label_version not in (1, 2):
            raise ValueError('label_version must be 1 or 2, got '
                             f'{label_version!r}')
        self.label_version = label_version

    def plan(self, files: Sequence[RawFile]) -> Plan:
        """Find the pairs of image and class map that ``split.json`` names."""
        plan = Plan([], [], {})
        index = next((f for f in files if f.parts[-1] == 'split.json'), None)
        if index is None:
            if any(f.parts[-2] in ('image', 'semantic_label') for f in files):
                plan.problems.append(
                    Problem('missing file (it names the images of each split)',
                            'split.json'))
            return plan
        plan.index['split.json'] = index
        splits = self._read_splits(index)
        images = find_folder(files, ('image', ), IMAGE_SUFFIXES, plan.problems)
        labels = find_folder([f for f in files if self._has_version(f)],
                             ('semantic_label', 'semantic_label_v1'),
                             ('.png', ), plan.problems)
        uses = Counter(name for names in splits.values() for name in names)
        plan.problems.extend(
            Problem('image named more than once (once is allowed)',
                    f'{index.origin}: {name}') for name, count in uses.items()
            if count > 1)
        for split in self.splits:
            for name in dict.fromkeys(splits[split]):
                missing = [
                    place
                    for place, there in ((f'image/{name}.jpg', name in images),
                                         (f'semantic_label/{name}_maskfg.png',
                                          f'{name}_maskfg' in labels))
                    if not there
                ]
                if missing:
                    plan.problems.append(
                        Problem(
                            'missing file (split.json names it)',
                            f'{split}: no {" and no ".join(missing)}' +
                            self._hint()))
                    continue
                plan.samples.append(
                    Sample(
                        split, name, {
                            f'image/{name}{images[name].suffix}':
                            images[name],
                            f'semantic_label/{name}_maskfg.png':
                            labels[f'{name}_maskfg']
                        }))
        return plan

    def finish(self, sample: Sample,
               paths: dict[str, Path]) -> tuple[dict, list[Problem]]:
        """Name the files, to check them."""
        image, label = (str(paths[place]) for place in sample.files)
        return dict(
            img_path=image,
            seg_map_path=label,
            label_map=TextSegDataset.LABEL_MAP), []

    def _has_version(self, file: RawFile) -> bool:
        first = any(part.lower().endswith('_v1') for part in file.parts[:-1])
        return first == (self.label_version == 1)

    def _hint(self) -> str:
        return ' (of the labels of version 1)' * (self.label_version == 1)

    def _read_splits(self, index: RawFile) -> dict[str, list[str]]:
        try:
            splits = json.loads(index.read())
            splits = {split: list(splits[split]) for split in self.counts}
            names = [name for split in splits.values() for name in split]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise DataCheckError(
                f'{index.origin} must hold a JSON object with the lists '
                f'{", ".join(self.counts)}, got {type(error).__name__}: '
                f'{error}') from None
        # A name is a part of paths.
        bad = [n for n in names if not isinstance(n, str) or '/' in n]
        if bad:
            raise DataCheckError(f'{index.origin} must list names of images, '
                                 f'got {bad[0]!r}')
        return splits
