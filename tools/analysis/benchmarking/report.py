"""Numbers, table, files and plot of what was measured."""
from __future__ import annotations
import json
import os
from pathlib import Path
from statistics import median
from typing import Callable

BASE_SIZE = 512
COLUMNS = ('group', 'case', 'variant', 'plain s', 'seconds', 'images/s',
           'ratio', 'min-max', 'memory MiB', 'per pixel', 'data')

LEGEND = """\
`seconds`: median time of a step (all tasks of the batch, or a training step).
`plain s`: that of the plain path in the same turns. `images/s`: answers or
samples a second. `ratio`: median over the pairs of turns, above 1 where the
variant is faster than the plain path in float32; `min-max`: its extremes.
`memory MiB`: peak beyond the weights. `per pixel`: time per pixel, relative to
512x512. `data`: share of the time that waits for data."""


def summarise(row: dict) -> dict:
    """Add to raw runs what follows from them.

    Args:
        row: Has ``seconds`` of each run of ``images`` images, and
            ``reference_seconds`` of the runs before each of them, or None.

    Returns:
        The row with the median seconds, images per second, the median
        seconds of the plain path beside it, and the median and the extremes
        of the ratios of the paired runs, above 1 where the variant is faster.
    """
    seconds = row['seconds']
    row['median_seconds'] = median(seconds)
    row['images_per_second'] = row['images'] / row['median_seconds']
    reference = row.get('reference_seconds')
    if reference:
        ratios = [a / b for a, b in zip(reference, seconds)]
        row.update(
            plain_seconds=median(reference),
            ratio=median(ratios),
            ratio_min=min(ratios),
            ratio_max=max(ratios))
    if row.get('data_seconds'):
        row['data_share'] = sum(row['data_seconds']) / sum(seconds)
    return row


def add_time_per_pixel(rows: list[dict]) -> None:
    """Add ``time_per_pixel``, relative to that at 512 or the smallest size.

    Only to rows of variants that were measured at several sizes.
    """
    families: dict[tuple, list[dict]] = {}
    for row in rows:
        if row.get('size') and 'median_seconds' in row:
            key = (row['group'], *row['tasks'], row['batch_size'],
                   row['variant'])
            families.setdefault(key, []).append(row)
    for family in families.values():
        if len(family) < 2:
            continue
        base = min(
            family, key=lambda row: (row['size'] != BASE_SIZE, row['size']))
        for row in family:
            row['time_per_pixel'] = (
                row['median_seconds'] / row['size']**2) / (
                    base['median_seconds'] / base['size']**2)


def describe(row: dict) -> str:
    """What was measured, in a few words."""
    tasks = row['tasks']
    if row['group'] == 'data':
        return tasks[0]
    words = f'{len(tasks)} task{"" if len(tasks) == 1 else "s"}'
    words += f', batch {row["batch_size"]}'
    return words + (f', {row["size"]}' if row.get('size') else '')


def cells(row: dict) -> list[str]:
    """The cells of a row of the table."""
    if 'error' in row:
        reason = 'failed: ' + row['error'].splitlines()[0][:80]
        return [row['group'], describe(row), row['variant'], reason]

    def number(name: str, form: str) -> str:
        return '' if row.get(name) is None else format(row[name], form)

    spread = number('ratio_min', '.2f') + '-' + number('ratio_max', '.2f')
    return [
        row['group'],
        describe(row), row['variant'],
        number('plain_seconds', '.4g'),
        number('median_seconds', '.4g'),
        number('images_per_second', '.2f'),
        number('ratio', '.2f'), spread if len(spread) > 1 else '',
        number('memory_mib', '.0f'),
        number('time_per_pixel', '.2f'),
        number('data_share', '.0%')
    ]


def format_table(rows: list[dict]) -> str:
    """A Markdown table, aligned; columns that stay empty are left out."""
    lines = [(cells(row) + [''] * len(COLUMNS))[:len(COLUMNS)] for row in rows]
    used = [i for i in range(len(COLUMNS)) if any(line[i] for line in lines)]
    lines = [[line[i] for i in used] for line in [list(COLUMNS), *lines]]
    # A reason of a failure may stand out.
    failed = [False, *('error' in row for row in rows)]
    widths = [
        max(
            len(line[i]) for line, bad in zip(lines, failed)
            if not (bad and i > 2)) for i in range(len(used))
    ]
    texts = [
        '| ' + ' | '.join(
            cell.ljust(width) if i < 3 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))) + ' |'
        for line in lines
    ]
    rule = [
        '-' * width if i < 3 else '-' * (width - 1) + ':'
        for i, width in enumerate(widths)
    ]
    texts.insert(1, '| ' + ' | '.join(rule) + ' |')
    return '\n'.join(texts)


def describe_outputs(outputs: dict) -> str:
    """How far the answers are from those of the plain path."""

    def decibels(value: float | None) -> str:
        return 'equal' if value is None else f'{value:.1f} dB'

    return ('largest difference of the outputs to the plain path: '
            f'{outputs["max_difference"]:.2g}; PSNR in bf16: '
            f'{decibels(outputs["psnr_bfloat16"])} '
            f'(the plain path: {decibels(outputs["psnr_plain_bfloat16"])})')


def write_report(report: dict, title: str, folder: Path) -> None:
    """Write benchmark.json, benchmark.md and benchmark.png.

    Args:
        report: Has ``machine``, ``outputs`` and ``rows``; goes to the JSON
            file.
        title: Heading of table and plot.
        folder: Where to; made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1) + '\n'
    _write(folder / 'benchmark.json', lambda file: file.write_text(text))
    facts = '\n'.join(f'- {k}: {v}' for k, v in report['machine'].items())
    outputs = describe_outputs(report['outputs'])
    page = f'# {title}\n\n{facts}\n\n{outputs}\n'
    if report['rows']:
        page += f'\n{format_table(report["rows"])}\n\n{LEGEND}\n'
    _write(folder / 'benchmark.md', lambda file: file.write_text(page))
    rows = [row for row in report['rows'] if 'ratio' in row]
    if rows:
        _write(folder / 'benchmark.png',
               lambda file: _plot_ratios(rows, title, file))


def _write(file: Path, write: Callable[[Path], object]) -> None:
    """Let a file appear when it is complete."""
    # The plot's format follows from the end of the name.
    partial = file.with_name(f'.{os.getpid()}-{file.name}')
    try:
        write(partial)
        os.replace(partial, file)
    finally:
        if partial.exists():
            partial.unlink()


def _plot_ratios(rows: list[dict], title: str, file: Path) -> None:
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, axis = plt.subplots(figsize=(8, 1.2 + 0.3 * len(rows)))
    ratios = [row['ratio'] for row in rows]
    below = [r['ratio'] - r['ratio_min'] for r in rows]
    above = [r['ratio_max'] - r['ratio'] for r in rows]
    colours = [
        'tab:gray' if r['variant'].startswith('plain') else 'tab:blue'
        for r in rows
    ]
    places = list(range(len(rows)))
    axis.barh(places, ratios, xerr=(below, above), color=colours, capsize=2)
    axis.set_yticks(
        places,
        [f'{row["group"]}, {describe(row)}: {row["variant"]}' for row in rows])
    axis.tick_params(axis='y', labelsize=7)
    axis.invert_yaxis()
    axis.axvline(1, color='black', lw=.8)
    axis.set_xlabel('times as fast as the plain path in float32')
    axis.set_title(title, fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=120)
    plt.close(figure)
