from __future__ import annotations
from pathlib import Path

from .layout_writer import LayoutWriter
from .samples import TamperingSample


class TamperingWriter(LayoutWriter):
    """Tampered text detection in the layout of Tampered-IC13.

    ``{train,test}_img/img_<n>.jpg`` and ``{train,test}_gt/img_<n>.txt`` with
    a line ``x1,y1,x2,y2,label`` for each word: integer corners, inclusive;
    label 1 real, 2 tampered.
    """

    root = 'TamperedTextDetection/Tampered-IC13'
    splits = ('train', 'test')
    folders = ('train_img', 'train_gt', 'test_img', 'test_gt')

    def write(self, root: Path, split: str, index: int,
              sample: TamperingSample) -> None:
        """See the base class."""
        name = f'img_{index + 1}'
        (root / f'{split}_img' / f'{name}.jpg').write_bytes(sample.image)
        lines = [','.join(map(str, box)) + '\n' for box in sample.boxes]
        gt = root / f'{split}_gt' / f'{name}.txt'
        gt.write_text(''.join(lines), encoding='utf-8')
