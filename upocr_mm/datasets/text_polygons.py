from __future__ import annotations
from pathlib import Path

from mmseg.registry import DATASETS

from .annotation_files import Annotations
from .base_paired_dataset import BasePairedDataset
from .text_layouts import LAYOUTS, TextLayout


@DATASETS.register_module()
class TextPolygonDataset(BasePairedDataset):
    """Images with word polygons, for the pre-training by SegMIM.

    Several data sets in one. Layouts (:data:`~.text_layouts.LAYOUTS`) are
    those in which the owners of ArT, ICDAR 2013 and 2015, LSVT, MLT 2017,
    ReCTS and TextOCR pack their training sets; ``'folder'`` is for any other:
    ``image/<name>.*`` and ``polygons/<name>.txt``, one polygon
    ``x,y,x,y,...`` of integers per line. Words that are marked as illegible
    are text as well.

    Args:
        data_root: Folder of all of them.
        sets: For each data set its folder below ``data_root``, by the name of
            its layout: ``dict(art='ArT', ic15='IC15')``. Another name than a
            layout's is for ``'folder'``. None leaves one out.
        task: Name of the task, under which :class:`MultiTaskDataset` has it.
        **kwargs: Arguments of :class:`BasePairedDataset`.

    Raises:
        ValueError: ``sets`` is empty.

    Examples:
        >>> dataset = TextPolygonDataset(
        ...     'data/TextDetection', dict(ic15='IC15', mine='receipts'))
    """

    METAINFO = dict(task='text_localization')

    def __init__(self,
                 data_root: str,
                 sets: dict[str, str | None],
                 task: str | None = None,
                 **kwargs) -> None:
        self.sets = {k: v for k, v in sets.items() if v is not None}
        if not self.sets:
            raise ValueError('sets must name at least one data set and its '
                             f'folder, got {sets}')
        super().__init__(data_root, task, **kwargs)

    def list_samples(self) -> list[dict]:
        """List the images with their polygons."""
        samples = []
        for name, folder in self.sets.items():
            samples += self._list_set(
                Path(self.data_root, folder),
                LAYOUTS.get(name, LAYOUTS['folder']))
        if samples and not any(sample['polygons'] for sample in samples):
            self.note(
                'data set without any text (at least one polygon is needed)',
                f'{self.data_root}: {len(samples)} images, no polygon')
        return samples

    def _list_set(self, root: Path, layout: TextLayout) -> list[dict]:
        samples, labels = [], self._labels(root, layout)
        for folder in layout.images:
            for stem, img_path in self.index_folder(root / folder).items():
                path = str(root / layout.labels.format(stem))
                found = labels.get(stem) if labels is not None else (
                    self._read(path, layout))
                if found is None:
                    self.note_missing(
                        img_path, path
                        if labels is None else f'entry {stem!r} in {path}')
                    continue
                for error in found.errors:
                    self.note(
                        'illegal polygon (allowed: x,y,x,y,... of at least '
                        'three points)', error)
                samples.append(
                    dict(
                        img_path=img_path,
                        polygons=found.shapes,
                        ann_path=path,
                        ann_lines=found.lines))
        return samples

    def _labels(self, root: Path,
                layout: TextLayout) -> dict[str, Annotations] | None:
        """Of all images, if the layout has one file for them."""
        if '{}' in layout.labels:
            return None
        return self._read(str(root / layout.labels), layout) or {}

    def _read(self, path: str, layout: TextLayout):
        try:
            return layout.read(path)
        except FileNotFoundError:
            return None
        except ValueError as error:
            self.note('file of polygons that cannot be read', str(error))
            return None
