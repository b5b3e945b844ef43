from __future__ import annotations
import json
from pathlib import Path

from PIL import Image

from .layout_writer import LayoutWriter
from .samples import SegmentationSample

INDEX = 'split.json'


class SegmentationWriter(LayoutWriter):
    """Text segmentation in the layout of TextSeg.

    ``image/<id>.jpg``, ``semantic_label/<id>_maskfg.png`` (0 background, 100
    word, 200 word effect, 255 ignored) and ``split.json`` with the ids of
    train, val and test.
    """

    root = 'TextSegmentation/TextSeg'
    splits = ('train', 'val', 'test')
    folders = ('image', 'semantic_label')

    def paths(self, split: str, index: int) -> list[str]:
        """See the base class."""
        name = self._image_id(split, index)
        return [f'image/{name}.jpg', f'semantic_label/{name}_maskfg.png']

    def known_paths(self, counts: dict[str, int]) -> set[str]:
        """See the base class."""
        return super().known_paths(counts) | {INDEX}

    def write(self, root: Path, split: str, index: int,
              sample: SegmentationSample) -> None:
        """See the base class."""
        image, label = (root / path for path in self.paths(split, index))
        image.write_bytes(sample.image)
        Image.fromarray(sample.label).save(label)

    def finish(self, root: Path, counts: dict[str, int]) -> None:
        """Write ``split.json``."""
        ids = {
            split: [self._image_id(split, index) for index in range(count)]
            for split, count in counts.items()
        }
        (root / INDEX).write_text(
            json.dumps(ids, indent=1) + '\n', encoding='utf-8')

    @staticmethod
    def _image_id(split: str, index: int) -> str:
        return f'{split}_{index + 1:05d}'
