from __future__ import annotations
from pathlib import Path

from PIL import Image

from .layout_writer import LayoutWriter
from .samples import RemovalSample


class RemovalWriter(LayoutWriter):
    """Text removal in the layout of SCUT-EnsText.

    ``{train,test}/{image,label}/img_<n>.jpg``,
    ``{train,test}/mask/img_<n>.png`` and ``{train,test}/all_gts/img_<n>.txt``.
    In the masks text is 0 and background 255; the polygons are integers, one
    polygon a line.
    """

    root = 'TextRemoval/SCUT-EnsText'
    splits = ('train', 'test')
    folders = tuple(f'{split}/{folder}' for split in splits
                    for folder in ('image', 'label', 'mask', 'all_gts'))

    def write(self, root: Path, split: str, index: int,
              sample: RemovalSample) -> None:
        """See the base class."""
        name, folder = f'img_{index + 1}', root / split
        (folder / 'image' / f'{name}.jpg').write_bytes(sample.image)
        (folder / 'label' / f'{name}.jpg').write_bytes(sample.target)
        Image.fromarray(sample.mask).save(folder / 'mask' / f'{name}.png')
        lines = [','.join(map(str, p.ravel())) + '\n' for p in sample.polygons]
        gts = folder / 'all_gts' / f'{name}.txt'
        gts.write_text(''.join(lines), encoding='utf-8')
