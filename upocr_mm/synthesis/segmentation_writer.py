from __future__ import annotations
import json
from pathlib import Path

from PIL import Image

from .layout_writer import LayoutWriter
from .samples import SegmentationSample


class SegmentationWriter(LayoutWriter):
    """Text segmentation in the layout of TextSeg.

    ``image/<id>.jpg``, ``semantic_label/<id>_maskfg.png`` (0 background, 100
    word, 200 word effect, 255 ignored) and ``split.json`` with the ids of
    train, val and test.
    """

    root = 'TextSegmentation/TextSeg'
    splits = ('train', 'val', 'test')
    folders = ('image', 'semantic_label')

    def write(self, root: Path, split: str, index: int,
              sample: SegmentationSample) -> None:
        """See the base class."""
        name = self._image_id(split, index)
        (root / 'image' / f'{name}.jpg').write_bytes(sample.image)
        Image.fromarray(sample.label).save(root / 'semantic_label' /
                                           f'{name}_maskfg.png')

    def finish(self, root: Path, counts: dict[str, int]) -> None:
        """Write ``split.json``."""
        ids = {
            split: [self._image_id(split, index) for index in range(count)]
            for split, count in counts.items()
        }
        (root / 'split.json').write_text(
            json.dumps(ids, indent=1) + '\n', encoding='utf-8')

    @staticmethod
    def _image_id(split: str, index: int) -> str:
        return f'{split}_{index + 1:05d}'
