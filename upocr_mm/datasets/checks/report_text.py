from __future__ import annotations
from typing import Any

from prettytable import PrettyTable

from ..data_check import format_problems
from .check_report import CheckReport
from .near_duplicates import BITS
from .summary import summarize

_HEAD = ('split', 'data set', 'images', 'width x height', 'text area',
         'without text', 'regions per image', 'text height, px')


def format_report(report: CheckReport) -> str:
    """What was found, for people: all problems, then tables.

    Args:
        report: What was found.
    """
    parts = [
        format_problems(one.part.title, one.problems, max_listed=None)
        for one in report.parts if one.problems
    ]
    if report.duplicates:
        parts.append('\n'.join([
            f'{len(report.duplicates)} held-out picture(s) are in the '
            'training data as well:',
            *(f'    {d.test_path}: {d.train_path} ({d.distance} of {BITS} '
              'bits differ)' + f', and {d.count - 1} more' * (d.count > 1)
              for d in report.duplicates)
        ]))
    parts.append('\n'.join(f'Note: {note}' for note in report.notes))
    summaries = [summarize(one) for one in report.parts]
    parts += [_statistics(summaries), _classes(summaries)]
    count = sum(len(one.problems) for one in report.parts)
    parts.append(
        'No problem found.' if report.is_fine else
        f'{count} problem(s), {len(report.duplicates)} near-duplicate(s).')
    return '\n\n'.join(filter(None, parts))


def report_dict(report: CheckReport) -> dict[str, Any]:
    """What was found, as values that JSON can hold.

    Args:
        report: What was found.

    Returns:
        ``statistics`` (see :func:`summarize`), ``problems`` (``data_set``,
        ``split``, ``kind``, ``detail``), ``near_duplicates``
        (``test_path``, ``train_path``, ``distance``, ``count``) and
        ``notes``.
    """
    return dict(
        statistics=[summarize(one) for one in report.parts],
        problems=[
            dict(
                data_set=one.part.name,
                split=one.part.split,
                **problem._asdict()) for one in report.parts
            for problem in one.problems
        ],
        near_duplicates=[pair._asdict() for pair in report.duplicates],
        notes=report.notes)


def _statistics(summaries: list[dict]) -> str:
    table = PrettyTable(_HEAD, align='l')
    for row in summaries:
        images = f'{row["samples"]}'
        if row['measured'] < row['samples']:
            images += f' ({row["measured"]} measured)'
        regions, heights = row['regions'], row['text_height']
        table.add_row([
            row['split'], row['name'], images,
            f'{_range(row["width"])} x {_range(row["height"])}',
            _percent(row['text_area']),
            '-' if row['without_text'] is None else row['without_text'],
            f'{regions["per_image"]:.1f} {regions["kind"]} (at most '
            f'{regions["max_per_image"]})' if regions else '-',
            '{p50:.0f} ({p5:.0f}-{p95:.0f})'.format(
                **heights) if heights else '-'
        ])
    return table.get_string()


def _classes(summaries: list[dict]) -> str:
    table = PrettyTable(['split', 'data set', 'share of the classes'],
                        align='l')
    for row in summaries:
        if row['class_share'] is not None:
            shares = dict(row['class_share'], ignored=row['ignored'])
            table.add_row([
                row['split'], row['name'],
                ', '.join(f'{name} {_percent(share)}'
                          for name, share in shares.items())
            ])
    return table.get_string() if table.rows else ''


def _range(values: dict[str, float] | None) -> str:
    if values is None:
        return '-'
    if values['min'] == values['max']:
        return str(values['min'])
    return f'{values["median"]:.0f} ({values["min"]}-{values["max"]})'


def _percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.2f} %'
