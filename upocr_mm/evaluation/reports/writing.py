"""Scores as tables, beside the paper's, and those of images as CSV."""
from __future__ import annotations
import csv
import io
from pathlib import Path

from prettytable import PrettyTable

from ...utils import write_whole
from .published import TABLES, PublishedTable

_NOTE = ('Rows of other methods are what the paper prints; the last row is '
         'this run. They compare only if this run tested the same data set.')


def format_report(scores: dict[str, float], title: str) -> str:
    """Scores of all tasks in the layout of the paper's tables.

    Args:
        scores: Scores named ``<task>/<name>``.
        title: Heading of the report.

    Returns:
        Markdown: for each task the paper's table with one row more, and what
        the table has no column for; for other tasks a list.
    """
    parts = [f'# {title}', _NOTE]
    for task, values in _by_task(scores).items():
        shown: list[str] = []
        if task in TABLES:
            table = TABLES[task]
            parts += [f'## {table.title}', _with_own_row(table, values)]
            if table.note:
                parts.append(table.note)
            shown = [column.metric for column in table.columns]
        else:
            parts.append(f'## {task}')
        rest = {k: v for k, v in values.items() if k not in shown}
        if rest:
            parts.append(
                _markdown(['score', 'value'],
                          [[k, f'{v:.4f}'] for k, v in rest.items()]))
    return '\n\n'.join(parts) + '\n'


def format_console(scores: dict[str, float]) -> str:
    """Scores as a table of plain text, the tasks side by side.

    Args:
        scores: Scores named ``<task>/<name>``.
    """
    tasks = _by_task(scores)
    table = PrettyTable()
    height = max(map(len, tasks.values()), default=0)
    for task, values in tasks.items():
        names, numbers = list(values), [f'{v:.4f}' for v in values.values()]
        padding = [''] * (height - len(names))
        # A column needs a head of its own.
        table.add_column(task, names + padding, align='l')
        table.add_column(' ' * len(table.field_names), numbers + padding, 'r')
    return table.get_string()


def write_image_scores(rows: dict[tuple, dict[str, float]],
                       filename: Path) -> None:
    """Write the scores of single images as CSV, in the order of the set.

    Args:
        rows: Scores by the identity of the sample, ``(sample_idx, img_path)``.
        filename: File to write; an image without a score has an empty cell.
    """
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    writer.writerow(['sample_idx', 'img_path', *names])
    for key in sorted(rows):
        writer.writerow([*key, *(rows[key].get(name, '') for name in names)])
    write_whole(text.getvalue().encode(), filename)


def _by_task(scores: dict[str, float]) -> dict[str, dict[str, float]]:
    tasks: dict[str, dict[str, float]] = {}
    for name, value in scores.items():
        task, _, metric = name.partition('/')
        if metric:
            tasks.setdefault(task, {})[metric] = value
    return tasks


def _with_own_row(table: PublishedTable, values: dict[str, float]) -> str:
    own: list[str | None] = [
        f'{values[column.metric]:.{column.digits}f}'
        if column.metric in values else None for column in table.columns
    ]
    return _markdown(['method', *(column.head for column in table.columns)],
                     [[name, *cells]
                      for name, cells in [*table.rows, ('**ours**', own)]])


def _markdown(head: list[str], rows: list[list[str | None]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join('-' if cell is None else cell
                                       for cell in line) + ' |'
                     for line in lines)
