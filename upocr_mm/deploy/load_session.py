from __future__ import annotations
import importlib.util
from pathlib import Path
from typing import Sequence

from .base_session import BaseSession
from .onnxruntime_session import OnnxRuntimeSession
from .openvino_session import PRECISIONS, OpenVINOSession

# In the order of their speed, with the files that they read.
RUNTIMES = dict(openvino=('.onnx', '.xml'), onnxruntime=('.onnx', ))


def load_session(file: str | Path,
                 runtime: str = 'auto',
                 dtype: str = 'float32',
                 num_threads: int | None = None,
                 tasks: Sequence[str] | None = None,
                 input_size: tuple[int, int] | None = None,
                 cache_dir: str | Path | None = None,
                 num_streams: int = 1) -> BaseSession:
    """Load an exported network onto the CPU.

    ``load_session('upocr.onnx')(images)`` gives the images of all tasks; see
    :meth:`BaseSession.__call__`.

    Args:
        file: A file of ``tools/deployment/export_onnx.py``: ``*.onnx``, or
            ``*.xml`` with its ``*.bin`` beside it.
        runtime: ``'openvino'``, ``'onnxruntime'``, or ``'auto'``: the first
            of these that is installed and reads the file.
        dtype: ``'float32'``, or ``'bfloat16'`` (OpenVINO, on CPUs that have
            it). In quantized networks it is that of the layers that are not
            quantized.
        num_threads: Number of threads; by default the runtime decides.
        tasks: The tasks to compute; by default all of the file. Others take
            no time.
        input_size: The height and width that are wanted: a file of another
            size is refused.
        cache_dir: Folder in which OpenVINO keeps the compiled network, so
            that the next session starts sooner.
        num_streams: Calls from several threads that OpenVINO computes at the
            same time, each by its part of the threads: more images a second,
            each later.

    Returns:
        The session.

    Raises:
        FileNotFoundError: The file, or the ``*.bin`` beside it, is not there.
        ImportError: The runtime is not installed.
        ValueError: An argument is not as described, or the file is damaged,
            of another origin or lacks what is asked for.
    """
    file = Path(file)
    runtime = _choose_runtime(file, runtime)
    if dtype not in PRECISIONS:
        raise ValueError(f'dtype must be one of {list(PRECISIONS)}, but got '
                         f'{dtype!r}')
    if num_threads is not None and (not isinstance(num_threads, int)
                                    or num_threads < 1):
        raise ValueError('num_threads must be an integer of at least 1, or '
                         f'None, but got {num_threads!r}')
    if not isinstance(num_streams, int) or num_streams < 1:
        raise ValueError('num_streams must be an integer of at least 1, but '
                         f'got {num_streams!r}')
    # A network of OpenVINO keeps its weights in a file of their own.
    beside = [file.with_suffix('.bin')] if file.suffix == '.xml' else []
    for path in (file, *beside):
        if not path.is_file():
            raise FileNotFoundError(f'{path} does not exist')
    if cache_dir is not None and Path(cache_dir).is_file():
        raise ValueError(f'cache_dir must be a folder, but {cache_dir} is a '
                         'file')
    if runtime == 'openvino':
        return OpenVINOSession(file, dtype, num_threads, tasks, input_size,
                               cache_dir, num_streams)
    if dtype != 'float32':
        raise ValueError(f"dtype={dtype!r} needs runtime='openvino'; "
                         f'runtime={runtime!r} computes in float32 only')
    for field, given in (('cache_dir', cache_dir
                          is not None), ('num_streams', num_streams != 1)):
        if given:
            raise ValueError(f"{field} is for runtime='openvino' only, but "
                             f'the runtime is {runtime!r}')
    return OnnxRuntimeSession(file, num_threads, tasks, input_size)


def _choose_runtime(file: Path, runtime: str) -> str:
    """The name of the runtime that is to read the file."""
    fitting = [name for name in RUNTIMES if file.suffix in RUNTIMES[name]]
    if not fitting:
        raise ValueError("an exported network ends in '.onnx' or '.xml', but "
                         f'got {file}')
    if runtime == 'auto':
        found = [n for n in fitting if importlib.util.find_spec(n)]
        # Loading the first one names what is to be installed.
        return (found or fitting)[0]
    if runtime not in RUNTIMES:
        raise ValueError(f"runtime must be 'auto' or one of {list(RUNTIMES)}, "
                         f'but got {runtime!r}')
    if runtime not in fitting:
        raise ValueError(f'runtime={runtime!r} reads '
                         f'{" and ".join(RUNTIMES[runtime])} files, but got '
                         f'{file}')
    return runtime
