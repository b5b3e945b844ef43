from __future__ import annotations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image
from tiny_run import tiny_cfg

from upocr_mm.visualization import OutputImagesHook


def sample(path: str, image: torch.Tensor) -> SegDataSample:
    one = SegDataSample(metainfo=dict(task='text_removal', img_path=path))
    one.pred_image = PixelData(data=image)
    return one


@pytest.mark.parametrize('rounding, value', [('truncate', 127),
                                             ('round', 128)])
def test_values(tmp_path: Path, rounding: str, value: int) -> None:
    image = torch.tensor([0.5, 2., -1.])[:, None, None].expand(3, 2, 4)
    hook = OutputImagesHook(str(tmp_path), rounding)
    hook.after_test_iter(None, 0, {}, [sample('a/b.jpg', image)])
    saved = np.asarray(Image.open(tmp_path / 'text_removal' / 'b.png'))
    assert saved.shape == (2, 4, 3)
    assert saved[0, 0].tolist() == [value, 255, 0]


def test_equal_names_are_refused(tmp_path: Path) -> None:
    hook = OutputImagesHook(str(tmp_path))
    image = torch.zeros(3, 2, 2)
    hook.after_test_iter(None, 0, {}, [sample('a/b.jpg', image)])
    with pytest.raises(ValueError, match='a/b.jpg and c/b.png would both'):
        hook.after_test_iter(None, 0, {}, [sample('c/b.png', image)])
    (tmp_path / 'text_removal' / 'd.png').touch()
    with pytest.raises(ValueError, match='d.png would overwrite what it is'):
        hook.after_test_iter(
            None, 0, {},
            [sample(str(tmp_path / 'text_removal' / 'd.png'), image)])
    with pytest.raises(ValueError, match="rounding must be .*'up'"):
        OutputImagesHook(rounding='up')


@pytest.mark.parametrize(
    'field',
    [
        'default_hooks.outputs.out_dir',
        'test_evaluator.output_dir'  # --out of `mim test`
    ])
def test_of_a_test(field: str, tmp_path: Path, drawn_data: Path) -> None:
    cfg = tiny_cfg(tmp_path, drawn_data)
    cfg.merge_from_dict({field: str(tmp_path / 'out')})
    Runner.from_cfg(cfg).test()
    files = sorted((tmp_path / 'out').glob('*/*.png'))
    assert len(files) == 9
    assert len({file.parent.name for file in files}) == 3
    # As large as the picture itself.
    for file in files:
        inputs = [
            *drawn_data.rglob(f'test*/{file.stem}.jpg'),
            *drawn_data.rglob(f'test/image/{file.stem}.jpg'),
            *drawn_data.rglob(f'TextSeg/image/{file.stem}.jpg')
        ]
        sizes = {Image.open(path).size for path in inputs}
        assert Image.open(file).size in sizes


@pytest.mark.parametrize('name, says', [
    ('file', 'is a file; name a folder'),
    ('full', 'is not empty; name a new folder'),
])
def test_folders_of_the_option(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'mine.txt').touch()
    evaluator = SimpleNamespace(output_dir=str(tmp_path / name))
    runner = SimpleNamespace(test_loop=SimpleNamespace(evaluator=evaluator))
    with pytest.raises(ValueError, match=f'--out .*/{name} {says}'):
        OutputImagesHook().before_test(runner)
