from __future__ import annotations
from pathlib import Path

from mmseg.registry import DATASETS

from .annotation_files import read_boxes
from .base_paired_dataset import BasePairedDataset


@DATASETS.register_module()
class TamperedIC13Dataset(BasePairedDataset):
    """Tampered-IC13 (tampered text detection): images and boxes.

    Layout: ``{split}_img/<name>.jpg`` and ``{split}_gt/<name>.txt``, whose
    lines are five integers ``x1,y1,x2,y2,label``: both corners belong to the
    box, label 1 is real and 2 tampered text. Later boxes paint over earlier
    ones; everything else is background (class 0).

    Source: Wang et al., Detecting tampered scene text in the wild (ECCV
    2022).

    Args:
        data_root: Folder of the data set.
        split: ``'train'`` (229 images) or ``'test'`` (233 images).
        **kwargs: Arguments of :class:`BasePairedDataset`.
    """

    METAINFO = dict(
        task='tampered_text_detection',
        classes=('background', 'real', 'tampered'),
        palette=[[0, 0, 255], [0, 255, 0], [255, 0, 0]])

    def __init__(self, data_root: str, split: str = 'train', **kwargs) -> None:
        self.split = split
        super().__init__(data_root, **kwargs)

    def list_samples(self) -> list[dict]:
        """List the images with their boxes."""
        root = Path(self.data_root)
        images = self.index_folder(root / f'{self.split}_img')
        ann_folder = root / f'{self.split}_gt'
        anns = self.index_folder(ann_folder, ('.txt', ))
        self.doubt_unused(images, anns)
        samples = []
        for stem, img_path in images.items():
            if stem not in anns:
                self.note_missing(img_path, f'{ann_folder.name}/{stem}.txt')
                continue
            boxes = read_boxes(anns[stem], labels=(1, 2))
            for error in boxes.errors:
                self.note(
                    'illegal line (allowed: five integers x1,y1,x2,y2,label, '
                    'label 1 or 2)', error)
            samples.append(
                dict(
                    img_path=img_path,
                    boxes=boxes.shapes,
                    ann_path=anns[stem],
                    ann_lines=boxes.lines))
        return samples
