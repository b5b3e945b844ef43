from __future__ import annotations
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from small_model import BATCH, SIZE

from upocr_mm.deploy import BaseSession, load_session
from upocr_mm.deploy.openvino_session import shared_core
from upocr_mm.models import UPOCR

RUNTIMES = ('openvino', 'onnxruntime')
TASKS = ('text_removal', 'tampered_text_detection', 'text_segmentation')


@pytest.fixture(params=RUNTIMES)
def runtime(request) -> str:
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def session(runtime: str, exported: Path) -> BaseSession:
    return load_session(exported, runtime, num_threads=1)


def expected_outputs(model: UPOCR, images: np.ndarray) -> dict:
    outputs = model.predict_tasks(torch.from_numpy(images), TASKS)
    return {task: image.numpy() for task, image in zip(TASKS, outputs)}


def test_outputs_equal_those_of_torch(session: BaseSession, runtime: str,
                                      model: UPOCR,
                                      images: np.ndarray) -> None:
    assert session.runtime == runtime and session.dtype == 'float32'
    assert session.tasks == TASKS and session.info.name == 'small'
    expected = expected_outputs(model, images)
    found = session(images)
    assert list(found) == list(TASKS)
    for task in TASKS:
        assert found[task].dtype == np.float32
        assert found[task].shape == (BATCH, 3, *SIZE)
        # of outputs from -2 to 2
        assert np.abs(found[task] - expected[task]).max() < 2e-4
    assert np.abs(found['text_removal'] -
                  found['text_segmentation']).max() > (1e-2)


def test_later_calls_leave_outputs_alone(session: BaseSession,
                                         images: np.ndarray) -> None:
    first = session(images)
    copies = {task: image.copy() for task, image in first.items()}
    session(images[:, :, ::-1])  # not contiguous either
    for task in TASKS:
        assert np.array_equal(first[task], copies[task])


def test_some_tasks_in_any_order(runtime: str, exported: Path,
                                 session: BaseSession,
                                 images: np.ndarray) -> None:
    every, some = session(images), TASKS[:0:-1]
    found = load_session(
        exported, runtime, num_threads=2, tasks=some, input_size=SIZE)(
            images)
    assert tuple(found) == some
    for task in some:
        assert np.abs(found[task] - every[task]).max() < 1e-5


def test_two_streams_at_once(exported: Path, images: np.ndarray) -> None:
    pytest.importorskip('openvino')
    one = load_session(exported, 'openvino')
    two = load_session(exported, 'openvino', num_streams=2)
    inputs = [images, images[:, ::-1].copy(), 1 - images, images / 2] * 2
    with ThreadPoolExecutor(4) as pool:
        for given, found in zip(inputs, pool.map(two, inputs)):
            expected = one(given)
            for task in TASKS:
                assert np.abs(found[task] - expected[task]).max() < 1e-5


FIRST_CALLS = """
import sys
from pathlib import Path
from threading import Barrier, Thread
import numpy as np
from upocr_mm.deploy import load_session

session = load_session(Path(sys.argv[1]), 'openvino', num_streams=4)
images = np.zeros((2, 3, 64, 96), np.float32)
together = Barrier(4)
sys.setswitchinterval(1e-6)

def run():
    together.wait()
    session(images)

threads = [Thread(target=run) for _ in '1234']
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print('done')
"""


def test_first_calls_from_several_threads(exported: Path) -> None:
    """Of a process; they once waited for each other for ever."""
    pytest.importorskip('openvino')
    for _ in range(2):  # four of five hung
        done = subprocess.run(
            [sys.executable, '-c', FIRST_CALLS,
             str(exported)],
            capture_output=True,
            text=True,
            timeout=120)
        assert done.stdout.endswith('done\n'), done.stderr[-2000:]


def test_bfloat16(exported: Path, model: UPOCR, images: np.ndarray) -> None:
    pytest.importorskip('openvino')
    if 'BF16' not in shared_core().get_property('CPU',
                                                'OPTIMIZATION_CAPABILITIES'):
        with pytest.raises(ValueError, match="dtype='bfloat16' needs a CPU"):
            load_session(exported, 'openvino', 'bfloat16')
        return
    found = load_session(exported, 'openvino', 'bfloat16')(images)
    for task, image in expected_outputs(model, images).items():
        mse = np.square(found[task] - image).mean()
        span = image.max() - image.min()
        assert 0 < mse < 1e-3 * span**2  # 30 dB
        assert found[task].dtype == np.float32


def test_signals_after_sessions_are_gone(exported: Path) -> None:
    """Such as those of workers of a data loader that end."""
    pytest.importorskip('openvino')
    code = f"""
import gc, signal, subprocess
from upocr_mm.deploy import load_session
seen = []
signal.signal(signal.SIGCHLD, lambda *_: seen.append(1))
sessions = [load_session({str(exported)!r}, 'openvino') for _ in range(3)]
while sessions:
    del sessions[0]
    gc.collect()
subprocess.run(['true'])
assert seen
"""
    subprocess.run([sys.executable, '-c', code], check=True)


def test_compiled_network_is_cached(exported: Path, tmp_path: Path,
                                    images: np.ndarray) -> None:
    pytest.importorskip('openvino')
    folder = tmp_path / 'cache'
    outputs = [
        load_session(exported, 'openvino', cache_dir=folder)(images)
        for _ in range(2)
    ]
    assert [path.suffix for path in folder.iterdir()] == ['.blob']
    for task in TASKS:
        assert np.array_equal(outputs[0][task], outputs[1][task])


@pytest.mark.parametrize('change, error, message', [
    (lambda x: x.tolist(), TypeError, 'float32, but got list'),
    (lambda x: x.astype(np.float64), TypeError, 'float32, but got float64'),
    (lambda x: x[:1], ValueError, r'\(2, 3, 64, 96\).* got \(1, 3, 64, 96\)'),
    (lambda x: x[0], ValueError, r'got \(3, 64, 96\)'),
    (lambda x: x.transpose(0, 1, 3, 2), ValueError, r'got \(2, 3, 96, 64\)'),
    (lambda x: x * 255, ValueError, r'\[0, 1\], but got values from 0 to 255'),
    (lambda x: x - 1, ValueError, 'values from -1 to 0'),
    (lambda x: x + np.float32(np.nan), ValueError, 'some values are NaN'),
])  # yapf: disable
def test_bad_images(session: BaseSession, images: np.ndarray, change, error,
                    message: str) -> None:
    with pytest.raises(error, match=message):
        session(change(images))


@pytest.mark.parametrize('arguments, message', [
    (dict(dtype='float16'),
     r"dtype must be one of \['float32', 'bfloat16'\], but got 'float16'"),
    (dict(runtime='tensorrt'), "runtime must be 'auto' or one of .*tensorrt"),
    (dict(runtime='onnxruntime', dtype='bfloat16'),
     "needs runtime='openvino'; runtime='onnxruntime' computes in float32"),
    (dict(runtime='onnxruntime', cache_dir='.'),
     "cache_dir is for runtime='openvino'"),
    (dict(runtime='onnxruntime', num_streams=2),
     "num_streams is for runtime='openvino'"),
    (dict(num_streams=0), 'num_streams must be an integer of at least 1'),
    (dict(num_threads=0), 'num_threads must be an integer of at least 1'),
    (dict(num_threads='2'), "num_threads must be an integer .* but got '2'"),
    (dict(cache_dir=__file__), 'cache_dir must be a folder, but .* is a file'),
    (dict(tasks=['ocr']),
     r"small.onnx was exported for the tasks \['text_removal'.*'ocr'"),
    (dict(tasks=[]), r'but got \[\]'),
    (dict(tasks='text_removal'), "a list of names.*the string 'text_removal'"),
    (dict(input_size=(64, 64)),
     r'images of \(64, 96\) .*, but input_size is \(64, 64\)'),
    (dict(input_size=64), r'images of \(64, 96\) .*, but input_size is 64'),
])  # yapf: disable
def test_bad_arguments(exported: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_session(exported, **arguments)


def test_bad_files(runtime: str, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no.onnx does not exist'):
        load_session(tmp_path / 'no.onnx', runtime)
    with pytest.raises(ValueError, match="'.onnx' or '.xml', but got .*a.pth"):
        load_session(tmp_path / 'a.pth', runtime)
    content = exported.read_bytes()
    file = tmp_path / 'cut.onnx'
    for length in (0, len(content) // 2, len(content) - 10):
        file.write_bytes(content[:length])
        with pytest.raises(ValueError) as error:
            load_session(file, runtime)
        text = str(error.value)
        assert 'cut.onnx' in text and '\n' not in text
        assert 'damaged, cut off' in text or 'not written by' in text


def test_file_of_another_model(runtime: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip('onnx')
    helper = onnx.helper
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])
        for name in 'xy'
    ]
    graph = helper.make_graph([helper.make_node('Relu', ['x'], ['y'])], 'relu',
                              values[:1], values[1:])
    file = tmp_path / 'relu.onnx'
    opset = helper.make_opsetid('', 17)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=8),
        str(file))
    with pytest.raises(ValueError, match='relu.onnx was not written by'):
        load_session(file, runtime)


def test_openvino_files_for_openvino_only(tmp_path: Path) -> None:
    file = tmp_path / 'a.xml'
    with pytest.raises(ValueError, match='reads .onnx files, but got .*a.xml'):
        load_session(file, 'onnxruntime')
    file.write_text('')
    with pytest.raises(FileNotFoundError, match='a.bin does not exist'):
        load_session(file)


def test_runtime_not_installed(exported: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(ImportError, match=r'upocr_mm\[openvino\]'):
        load_session(exported, 'openvino')
    pytest.importorskip('onnxruntime')
    assert load_session(exported).runtime == 'onnxruntime'
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r'upocr_mm\[onnxruntime\]'):
        load_session(exported, 'onnxruntime')
    with pytest.raises(ImportError, match=r'upocr_mm\[openvino\]'):
        load_session(exported)


def test_runtimes_are_optional() -> None:
    code = ('import sys; sys.modules.update(dict.fromkeys(["openvino", '
            '"onnx", "nncf", "onnxruntime"])); import upocr_mm.deploy')
    subprocess.run([sys.executable, '-W', 'ignore', '-c', code], check=True)
