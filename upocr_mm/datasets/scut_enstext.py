from __future__ import annotations
from pathlib import Path
from typing import Sequence

from mmseg.registry import DATASETS

from .annotation_files import read_polygons
from .base_paired_dataset import IMAGE_SUFFIXES, BasePairedDataset


@DATASETS.register_module()
class SCUTEnsTextDataset(BasePairedDataset):
    """SCUT-EnsText (text removal): images, images without text, text masks.

    Both layouts of ``<data_root>/<split>`` are read, also mixed:

    - prepared: ``image``, ``label`` and ``mask``, equal file names (endings
      may differ). In a mask **text is 0 and background 255**, thresholded at
      128;
    - raw: ``all_images``, ``all_labels`` and ``all_gts`` with one polygon
      ``x,y,x,y,...`` per line of ``<name>.txt``.

    Where both are there, masks are read from ``mask`` and polygons, which the
    detection score needs, from ``all_gts``.

    Source: Liu et al., EraseNet: End-to-end text removal in the wild.

    Args:
        data_root: Folder of the data set.
        split: ``'train'`` (2,749 images) or ``'test'`` (813 images).
        **kwargs: Arguments of :class:`BasePairedDataset`.
    """

    METAINFO = dict(task='text_removal')

    def __init__(self, data_root: str, split: str = 'train', **kwargs) -> None:
        self.split = split
        super().__init__(data_root, **kwargs)

    def list_samples(self) -> list[dict]:
        """List the triples of image, label and mask or polygons."""
        images = self._index('image', 'all_images')
        labels = self._index('label', 'all_labels')
        masks = self._find('mask', 'all_gts')
        prepared = masks.name == 'mask'
        texts = self._index('mask', 'all_gts', IMAGE_SUFFIXES if prepared else
                            ('.txt', ))
        polygons = texts
        if prepared:
            folder = Path(self.data_root, self.split, 'all_gts')
            polygons = (
                self.index_folder(folder,
                                  ('.txt', )) if folder.is_dir() else {})
        for files in (labels, texts):
            self.doubt_unused(images, files)
        samples = []
        for stem, img_path in images.items():
            missing = [
                f'{folder}/{stem}.*'
                for folder, files in (('label', labels), (masks.name, texts))
                if stem not in files
            ]
            if missing:
                self.note_missing(img_path, ' and '.join(missing))
                continue
            sample = dict(img_path=img_path, target_path=labels[stem])
            if prepared:
                sample.update(mask_path=texts[stem], mask_text_value=0)
            if stem in polygons:
                sample.update(self._polygons(polygons[stem]))
            samples.append(sample)
        return samples

    def _find(self, prepared: str, raw: str) -> Path:
        root = Path(self.data_root, self.split)
        use_raw = (root / raw).is_dir() and not (root / prepared).is_dir()
        return root / (raw if use_raw else prepared)

    def _index(self,
               prepared: str,
               raw: str,
               suffixes: Sequence[str] = IMAGE_SUFFIXES) -> dict[str, str]:
        return self.index_folder(self._find(prepared, raw), suffixes, raw)

    def _polygons(self, path: str) -> dict[str, object]:
        polygons = read_polygons(path)
        for error in polygons.errors:
            self.note('illegal line (allowed: x,y,x,y,... in integers)', error)
        return dict(
            polygons=polygons.shapes, ann_path=path, ann_lines=polygons.lines)
