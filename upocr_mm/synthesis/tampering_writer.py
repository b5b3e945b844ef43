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

    def paths(self, split: str, index: int) -> list[str]:
        """See the base class."""
        name = f'img_{index + 1}'
        return [f'{split}_img/{name}.jpg', f'{split}_gt/{name}.txt']

    def write(self, root: Path, split: str, index: int,
              sample: TamperingSample) -> None:
        """See the base class."""
        image, gt = (root / path for path in self.paths(split, index))
        image.write_bytes(sample.image)
        lines = [','.join(map(str, box)) + '\n' for box in sample.boxes]
        gt.write_text(''.join(lines), encoding='utf-8')
