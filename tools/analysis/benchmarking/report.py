"""The numbers, the table and the files of what was measured."""
from __future__ import annotations
import importlib
import json
import os
import platform
import re
from pathlib import Path
from statistics import median
from typing import Sequence

import numpy as np
import prettytable
import torch
from prettytable import PrettyTable
from torch.utils.benchmark import Timer

from upocr_mm.utils import write_whole

# Title of a column: entry of a row, and how it is written.
COLUMNS = {
    'group': ('group', ''),
    'case': ('case', ''),
    'variant': ('variant', ''),
    'plain s': ('plain_seconds', '.4g'),
    'seconds': ('median_seconds', '.4g'),
    'images/s': ('images_per_second', '.2f'),
    'ratio': ('ratio', '.2f'),
    'min-max': ('ratio_range', ''),
    'PSNR dB': ('psnr', '.1f'),
    'memory MiB': ('memory_mib', '.0f'),
    'data': ('data_share', '.0%')
}
PACKAGES = ('torch', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain', 'openvino',
            'nncf', 'onnxruntime')


def machine_facts(device: str, threads: int | None) -> dict:
    """Processor, device and versions, to be told with every measurement."""
    info = Path('/proc/cpuinfo')
    cpu = re.search(r'^model name\s*:\s*(.+)$',
                    info.read_text() if info.exists() else '', re.M)
    threads = threads or torch.get_num_threads()
    facts = dict(
        system=f'{platform.system()} {platform.machine()}',
        cpu=cpu[1] if cpu else platform.processor(),
        cores=os.cpu_count(),
        threads=threads,
        device=torch.cuda.get_device_name() if device == 'cuda' else device,
        python=platform.python_version())
    # of a product of square matrices: what arithmetic allows
    for name in 'float32', 'bfloat16':
        x = torch.rand(2048, 2048, device=device).to(getattr(torch, name))
        timer = Timer('x @ x', globals=dict(x=x), num_threads=threads)
        seconds = min(timer.blocked_autorange(min_run_time=0.5).times)
        facts[f'{name} GFLOP/s'] = round(2 * len(x)**3 / seconds / 1e9)
    for package in PACKAGES:
        try:
            facts[package] = importlib.import_module(package).__version__
        except ImportError:
            facts[package] = 'not installed'
    return facts


def compare_outputs(expected: Sequence[np.ndarray],
                    found: Sequence[np.ndarray]) -> dict[str, float]:
    """How far outputs, images or a loss, are from those of the plain path.

    ``max_difference`` is relative to the largest value where that is above 1,
    ``psnr``, of images, in dB for values from 0 to 1.
    """
    expected, found = np.stack(expected), np.stack(found)
    difference = abs(expected - found)
    row = dict(max_difference=difference.max() / max(1, abs(expected).max()))
    if expected[0].ndim:
        error = np.square(difference).mean()
        row['psnr'] = -10 * np.log10(max(error, 1e-20))
    return {key: float(value) for key, value in row.items()}


def summarize(row: dict, seconds: list[float]) -> None:
    """Add the seconds of a step in each turn, and what follows from them.

    The row has the number of ``images`` of a step and, where there are any,
    ``plain_turns``, the seconds of the plain path before each of these. A
    ``ratio`` is above 1 where the variant is faster.
    """
    row.update(seconds=seconds, median_seconds=median(seconds))
    row['images_per_second'] = row['images'] / row['median_seconds']
    if 'plain_turns' in row:
        ratios = [a / b for a, b in zip(row['plain_turns'], seconds)]
        row['plain_seconds'] = median(row['plain_turns'])
        row['ratio'] = median(ratios)
        row['ratio_range'] = f'{min(ratios):.2f}-{max(ratios):.2f}'
    if 'data_seconds' in row:
        row['data_share'] = sum(row['data_seconds']) / sum(seconds)


def format_table(rows: Sequence[dict]) -> str:
    """A Markdown table; columns that stay empty are left out.

    Why a variant failed or was skipped stands behind its name.
    """
    table = PrettyTable(list(COLUMNS))
    # older versions have no TableStyle
    table.set_style(getattr(prettytable, 'TableStyle', prettytable).MARKDOWN)
    for row in rows:
        cells = {
            title: format(row[key], form) if key in row else ''
            for title, (key, form) in COLUMNS.items()
        }
        reason = row.get('error', row.get('skipped'))
        if reason:
            cells['variant'] += ': ' + reason.splitlines()[0][:160]
        table.add_row(list(cells.values()))
    for i, (title, (key, form)) in enumerate(COLUMNS.items()):
        table.align[title] = 'r' if i > 2 else 'l'
        if not any(key in row for row in rows):
            table.del_column(title)
    return table.get_string()


def write_report(report: dict, title: str, folder: Path) -> None:
    """Write ``benchmark.json`` and ``benchmark.md``, each whole or not."""
    facts = [f'- {key}: {value}' for key, value in report['machine'].items()]
    page = [f'# {title}', '\n'.join(facts), format_table(report['rows'])]
    data = json.dumps(report, indent=1, default=str)
    for name, text in dict(json=data, md='\n\n'.join(page)).items():
        write_whole(f'{text}\n'.encode(), folder / f'benchmark.{name}')
