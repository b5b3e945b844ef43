from __future__ import annotations
from pathlib import Path

import numpy as np
import pytest
from small_model import BATCH, SIZE

from upocr_mm.deploy import export_onnx, load_session, quantize_int8
from upocr_mm.models import UPOCR

pytest.importorskip('openvino')
# In dB; random weights magnify what quantization rounds away.
BOUND = 18


@pytest.fixture
def pictures() -> np.ndarray:
    """Twelve smooth pictures with noise, (12, 3, 64, 96)."""
    rng = np.random.default_rng(0)
    coarse = rng.random((12, 3, 8, 12), dtype=np.float32)
    pictures = coarse.repeat(8, 2).repeat(8, 3)
    return (0.9 * pictures + 0.1 * rng.random(
        (12, 3, *SIZE), dtype=np.float32)).astype(np.float32)


@pytest.fixture(scope='session')
def nncf() -> None:
    pytest.importorskip('nncf')


def test_quantized_file(nncf: None, exported: Path, pictures: np.ndarray,
                        tmp_path: Path) -> None:
    file = tmp_path / 'small.xml'
    done = quantize_int8(exported, file, pictures, min_psnr=BOUND)
    weights = file.with_suffix('.bin')
    assert sorted(tmp_path.iterdir()) == [weights, file]
    assert weights.stat().st_size < 0.7 * exported.stat().st_size
    reference = load_session(exported, 'openvino')
    session = load_session(file)
    assert session.info == done.info
    assert session.info.precision == 'int8'
    assert session.info.weights_sha256 == reference.info.weights_sha256
    assert session.tasks == tuple(done.psnr) == reference.tasks
    # of pictures like those of the calibration
    expected, found = reference(pictures[:2]), session(pictures[:2])
    for task in session.tasks:
        assert done.psnr[task] >= BOUND
        error = found[task].clip(0, 1) - expected[task].clip(0, 1)
        assert 0 < np.square(error).mean() < 10**(-BOUND / 10)

    content = weights.read_bytes()
    weights.write_bytes(content[:len(content) // 2])
    with pytest.raises(ValueError, match='small.xml is damaged, cut off'):
        load_session(file)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match='small.bin does not exist'):
        load_session(file)


def test_too_low_a_psnr_leaves_no_file(nncf: None, model: UPOCR,
                                       tmp_path: Path) -> None:
    source = tmp_path / 'a.onnx'
    export_onnx(model, source, (32, 32), ['text_removal'])
    images = np.random.default_rng(0).random((4, 3, 32, 32), np.float32)
    with pytest.raises(
            ValueError,
            match=r'not written.*\d\d\.\d dB \(text_removal\).*90 dB'):
        quantize_int8(source, tmp_path / 'a.xml', images, min_psnr=90)
    assert [*tmp_path.iterdir()] == [source]


@pytest.mark.parametrize('number, size', [(4 * BATCH - 1, SIZE),
                                          (8, (64, 64))])
def test_bad_images(nncf: None, exported: Path, number: int, size: tuple,
                    tmp_path: Path) -> None:
    images = np.zeros((number, 3, *size), np.float32)
    with pytest.raises(
            ValueError, match=r'\(M, 3, 64, 96\) with M at least 8'):
        quantize_int8(exported, tmp_path / 'a.xml', images)


def test_bad_file_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must end in '.xml', but got a.onnx"):
        quantize_int8('b.onnx', 'a.onnx', np.zeros((4, 3, *SIZE), np.float32))
