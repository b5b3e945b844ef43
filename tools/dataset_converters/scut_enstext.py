"""Convert SCUT-EnsText as downloaded into the layout of our data set.

Of all_images, all_labels and all_gts (polygons) of train and test it makes
{train,test}/{image,label,mask,all_gts}; in a mask text is 0 and background
255. A second call writes only what is missing.

    python tools/dataset_converters/scut_enstext.py train/ test.zip \\
        data/TextRemoval/SCUT-EnsText
"""
from __future__ import annotations
import sys

from upocr_mm.datasets.conversion import (SCUTEnsTextConverter,
                                          converter_parser, run_converter)


def main() -> int:
    args = converter_parser(__doc__, SCUTEnsTextConverter.counts,
                            'data/TextRemoval/SCUT-EnsText').parse_args()
    return run_converter('scut_enstext', SCUTEnsTextConverter(args.splits),
                         args)


if __name__ == '__main__':
    sys.exit(main())
