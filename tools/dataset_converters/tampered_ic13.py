"""Convert Tampered-IC13 as downloaded into the layout of our data set.

Finds {train,test}_img and {train,test}_gt, checks every picture and every
box. A second call writes only what is missing.

    python tools/dataset_converters/tampered_ic13.py Tampered-IC13.zip \\
        data/TamperedTextDetection/Tampered-IC13
"""
from __future__ import annotations
import sys

from upocr_mm.datasets.conversion import (TamperedIC13Converter,
                                          converter_parser, run_converter)


def main() -> int:
    args = converter_parser(
        __doc__, TamperedIC13Converter.counts,
        'data/TamperedTextDetection/Tampered-IC13').parse_args()
    return run_converter('tampered_ic13', TamperedIC13Converter(args.splits),
                         args)


if __name__ == '__main__':
    sys.exit(main())
