from .published import TABLES, Column, PublishedTable
from .writing import format_console, format_report, write_image_scores

__all__ = [
    'TABLES', 'Column', 'PublishedTable', 'format_console', 'format_report',
    'write_image_scores'
]
