"""Convert TextSeg as downloaded into the layout of our data set.

Of image, semantic_label (.tar.gz, or unpacked) and split.json it takes what
split.json names and checks every picture and label. A second call writes only
what is missing.

    python tools/dataset_converters/textseg.py downloads/TextSeg \\
        data/TextSegmentation/TextSeg
"""
from __future__ import annotations
import sys

from upocr_mm.datasets.conversion import (TextSegConverter, converter_parser,
                                          run_converter)


def main() -> int:
    parser = converter_parser(__doc__, TextSegConverter.counts,
                              'data/TextSegmentation/TextSeg')
    parser.add_argument(
        '--label-version',
        type=int,
        choices=(1, 2),
        default=2,
        help="1: the labels of the authors' paper (semantic_label_v1); 2: "
        'their revised ones (default)')
    args = parser.parse_args()
    return run_converter('textseg',
                         TextSegConverter(args.splits, args.label_version),
                         args)


if __name__ == '__main__':
    sys.exit(main())
