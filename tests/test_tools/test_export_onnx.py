"""``tools/deployment/export_onnx.py``: files, messages, bad arguments."""
from __future__ import annotations
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from tiny_run import tiny_cfg

from upocr_mm.deploy import load_session

ROOT = Path(__file__).parents[2]
TASKS = ['text_removal', 'text_segmentation']


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools' / 'deployment'))
    import export_onnx
    return export_onnx


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A model of 0.1 M parameters."""
    file = tmp_path / 'tiny.py'
    model = tiny_cfg(tmp_path / 'run', tmp_path / 'data').model
    Config(dict(model=model)).dump(str(file))
    return file


def run(tool, monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, 'argv', ['export_onnx', *map(str, arguments)])
    tool.main()


def test_export(tool, config: Path, tmp_path: Path, monkeypatch,
                capsys) -> None:
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    file = tmp_path / 'out' / 'tiny.onnx'
    # Norms of two channels magnify what is rounded away.
    run(tool, monkeypatch, config, 'random', file, '--size', 32, 64, '--tasks',
        *TASKS[::-1], '--tolerance', 0.1)
    text = capsys.readouterr().out
    assert f'{file}: written' in text and 'Largest absolute diff' in text
    info = load_session(file).info
    assert (info.name, info.tasks) == ('tiny', tuple(TASKS[::-1]))
    assert (info.input_size, info.batch_size) == ((32, 64), 1)
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize('arguments, message', [
    (['no.py', 'random', 'a.onnx'], 'no.py does not exist'),
    (['CONFIG', 'no.pth', 'a.onnx'], 'no.pth does not exist'),
    (['CONFIG', 'random', 'a.onnx', '--tasks', 'ocr'],
     "tasks must be some of ['text_removal'"),
    (['CONFIG', 'random', 'a.onnx', '--size', '40', '64'],
     'multiples of 32, but got (40, 64)'),
    (['CONFIG', 'random', 'a.xml'], "OUT must end in '.onnx' without --int8"),
    (['CONFIG', 'random', 'a.onnx', '--int8'],
     "OUT must end in '.xml' with --int8, but got a.onnx"),
    (['CONFIG', 'random', 'a.onnx', '--min-psnr', '30'],
     '--min-psnr is for --int8 only'),
    (['CONFIG', 'random', 'a.xml', '--int8', '--calibration', 'nowhere'],
     "--calibration must be 'synthetic' or a folder, but nowhere is none"),
])  # yapf: disable
def test_bad_arguments(tool, config: Path, arguments: list, message: str,
                       monkeypatch, capsys) -> None:
    monkeypatch.chdir(config.parent)
    arguments = [config if word == 'CONFIG' else word for word in arguments]
    with pytest.raises(SystemExit) as error:
        run(tool, monkeypatch, *arguments)
    assert message in f'{error.value} {capsys.readouterr().err}'


def test_images_of_a_folder(tool, tmp_path: Path) -> None:
    """Spread over the folder, RGB in [0, 1], resized."""
    with pytest.raises(FileNotFoundError, match='has no images'):
        tool.calibration_images(str(tmp_path), 2, (32, 64))
    for i in range(6):
        image = np.full((20, 30, 3), (0, 10 * i, 255), np.uint8)  # BGR
        path = tmp_path / f'{i % 2}' / f'{i}.png'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image)
    images = tool.calibration_images(str(tmp_path), 2, (32, 64))
    assert images.shape == (2, 3, 32, 64) and images.dtype == np.float32
    assert (images[:, 0] == 1).all() and (images[:, 2] == 0).all()
    # the first of each subfolder
    assert np.allclose(images[:, 1, 0, 0] * 255, [0, 10])
    (tmp_path / '0' / '0.png').write_bytes(b'no image')
    with pytest.raises(ValueError, match='0.png is not a readable image'):
        tool.calibration_images(str(tmp_path), 2, (32, 64))


def test_synthetic_images(tool) -> None:
    images = tool.calibration_images('synthetic', 3, (32, 64))
    assert images.shape == (3, 3, 32, 64)
    assert 0 <= images.min() < images.max() <= 1
