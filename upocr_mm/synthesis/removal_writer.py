from __future__ import annotations
from pathlib import Path

from PIL import Image

from .layout_writer import LayoutWriter
from .samples import RemovalSample


class RemovalWriter(LayoutWriter):
    """Text removal in the layout of SCUT-EnsText.

    ``{train,test}/{image,label}/img_<n>.jpg``,
    ``{train,test}/mask/img_<n>.png`` and ``{train,test}/all_gts/img_<n>.txt``;
    also ``{train,test}/line_gts/img_<n>.txt``, which SCUT-EnsText lacks. In
    the masks text is 0 and background 255. The polygons of words (``all_gts``)
    and of lines are integers, one polygon a line.
    """

    root = 'TextRemoval/SCUT-EnsText'
    splits = ('train', 'test')
    folders = tuple(f'{split}/{folder}' for split in splits
                    for folder in ('image', 'label', 'mask', 'all_gts',
                                   'line_gts'))

    def paths(self, split: str, index: int) -> list[str]:
        """See the base class."""
        name = f'img_{index + 1}'
        return [
            f'{split}/image/{name}.jpg', f'{split}/label/{name}.jpg',
            f'{split}/mask/{name}.png', f'{split}/all_gts/{name}.txt',
            f'{split}/line_gts/{name}.txt'
        ]

    def write(self, root: Path, split: str, index: int,
              sample: RemovalSample) -> None:
        """See the base class."""
        image, label, mask, *texts = (
            root / p for p in self.paths(split, index))
        image.write_bytes(sample.image)
        label.write_bytes(sample.target)
        Image.fromarray(sample.mask).save(mask)
        for file, polygons in zip(texts, (sample.polygons, sample.lines)):
            rows = [','.join(map(str, p.ravel())) + '\n' for p in polygons]
            file.write_text(''.join(rows), encoding='utf-8')
