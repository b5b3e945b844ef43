from .check_report import CheckReport, PartReport, check_parts
from .data_part import DataPart
from .find_parts import loaded_dataset, parts_in_folder, parts_of_config
from .near_duplicates import NearDuplicate, find_near_duplicates
from .report_text import format_report, report_dict

__all__ = [
    'CheckReport', 'DataPart', 'NearDuplicate', 'PartReport', 'check_parts',
    'find_near_duplicates', 'format_report', 'loaded_dataset',
    'parts_in_folder', 'parts_of_config', 'report_dict'
]
