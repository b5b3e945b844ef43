"""Peak memory of what a process does."""
from __future__ import annotations
import ctypes
import re
import resource
import sys
from pathlib import Path

import torch

STATUS = Path('/proc/self/status')
MIB = 1024**2


class MemoryMeter:
    """Peak memory from its construction on, beyond what was held then.

    Of the device on CUDA, else of the process.

    Args:
        device: Where the model is.

    Attributes:
        source: Where the peak is read: ``'cuda'``, ``'VmHWM'`` or, where that
            cannot be reset and the peak is that of the whole life of the
            process, ``'ru_maxrss'``.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == 'cuda':
            self.source = 'cuda'
            torch.cuda.synchronize(device)
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device)
            return
        _return_free_memory()
        self.source = 'VmHWM' if _reset_peak() else 'ru_maxrss'
        self._before = _resident()

    def peak(self) -> float:
        """MiB beyond those at the beginning."""
        if self.source == 'cuda':
            torch.cuda.synchronize(self._device)
            peak = torch.cuda.max_memory_allocated(self._device)
        elif self.source == 'VmHWM':
            peak = _status('VmHWM')
        else:
            peak = _maxrss()
        return (peak - self._before) / MIB


def _return_free_memory() -> None:
    """Give back what building the model left free.

    Otherwise the runs would use it and seem to need less.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass  # not glibc


def _reset_peak() -> bool:
    """Whether the kernel begins a new peak."""
    try:
        Path('/proc/self/clear_refs').write_text('5')
        # Some sandboxes accept the write and do nothing.
        return _status('VmHWM') < _status('VmRSS') + 8 * MIB
    except (OSError, KeyError):
        return False


def _status(name: str) -> int:
    found = re.search(rf'^{name}:\s+(\d+) kB', STATUS.read_text(), re.M)
    if not found:
        raise KeyError(name)
    return int(found[1]) * 1024


def _resident() -> int:
    try:
        pages = int(Path('/proc/self/statm').read_text().split()[1])
    except OSError:
        return _maxrss()
    return pages * resource.getpagesize()


def _maxrss() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == 'darwin' else 1024)
