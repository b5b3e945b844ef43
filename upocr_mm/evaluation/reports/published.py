"""The numbers that the paper prints in its Tables 3, 4 and 5."""
from __future__ import annotations
from typing import NamedTuple


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        head: What stands above it.
        metric: Our score of the same meaning and protocol.
        digits: Digits behind the point.
    """
    head: str
    metric: str
    digits: int


class PublishedTable(NamedTuple):
    """A table of the paper.

    Attributes:
        title: Number and contents.
        columns: Its columns but the first.
        rows: Name of the method, and its numbers as printed; None = no number.
        note: What a reader of the table must know, as Markdown.
    """
    title: str
    columns: list[Column]
    rows: list[tuple[str, list[str | None]]]
    note: str = ''


def _rows(text: str) -> list[tuple[str, list[str | None]]]:
    rows = []
    for line in text.strip().splitlines():
        name, *numbers = (part.strip() for part in line.split('|'))
        rows.append((name, [None if n == '-' else n for n in numbers]))
    return rows


TABLES: dict[str, PublishedTable] = dict(
    text_removal=PublishedTable(
        'Text removal on SCUT-EnsText (Table 3 of the paper)', [
            Column('PSNR ↑', 'PSNR', 2),
            Column('MSSIM ↑', 'MSSIM', 2),
            Column('MSE ↓', 'MSE', 4),
            Column('AGE ↓', 'AGE', 2),
            Column('pEPs ↓', 'pEPs', 4),
            Column('pCEPs ↓', 'pCEPs', 4),
            Column('FID ↓', 'FID', 2),
            Column('R ↓', 'craft_ic15_polygon/R', 3),
            Column('P ↓', 'craft_ic15_polygon/P', 1),
            Column('F ↓', 'craft_ic15_polygon/F', 3),
        ],
        _rows('''
Original | - | - | - | - | - | - | - | 69.5 | 79.4 | 74.1
Pix2pix | 26.70 | 88.56 | 0.37 | 6.09 | 0.0480 | 0.0227 | 46.88 | 35.4 | 69.7 | 47.0
STE | 25.47 | 90.14 | 0.47 | 6.01 | 0.0533 | 0.0296 | 43.39 | 5.9 | 40.9 | 10.2
EnsNet | 29.54 | 92.74 | 0.24 | 4.16 | 0.0307 | 0.0136 | 32.71 | 32.8 | 68.7 | 44.4
MTRNet++ | 29.63 | 93.71 | 0.28 | 3.51 | 0.0305 | 0.0168 | 35.68 | 15.1 | 63.8 | 24.4
EraseNet | 32.30 | 95.42 | 0.15 | 3.02 | 0.0160 | 0.0090 | 19.27 | 4.6 | 53.2 | 8.5
SSTE | 35.34 | 96.24 | 0.09 | - | - | - | - | 3.6 | - | -
PSSTRNet | 34.65 | 96.75 | 0.14 | 1.72 | 0.0135 | 0.0074 | - | 5.1 | 47.7 | 9.3
CTRNet | 35.20 | 97.36 | 0.09 | 2.20 | 0.0106 | 0.0068 | 13.99 | 1.4 | 38.4 | 2.7
GaRNet | 35.45 | 97.14 | 0.08 | 1.90 | 0.0105 | 0.0062 | 15.50 | 1.6 | 42.0 | 3.0
MBE | 35.03 | 97.31 | - | 2.06 | 0.0128 | 0.0088 | - | - | - | -
PEN | 35.72 | 96.68 | 0.05 | 1.95 | 0.0071 | 0.0020 | - | 2.1 | 26.2 | 3.9
PERT | 33.62 | 97.00 | 0.13 | 2.19 | 0.0135 | 0.0088 | - | 4.1 | 50.5 | 7.6
SAEN | 34.75 | 96.53 | 0.07 | 1.98 | 0.0125 | 0.0073 | - | - | - | -
FETNet | 34.53 | 97.01 | 0.13 | 1.75 | 0.0137 | 0.0080 | - | 5.8 | 51.3 | 10.5
ViTEraser-Base | 37.11 | 97.61 | 0.0474 | 1.70 | 0.0066 | 0.0035 | 10.15 | 0.389 | 29.7 | 0.768
UPOCR (paper) | 37.14 | 97.62 | 0.0428 | 1.72 | 0.0064 | 0.0034 | 10.47 | 0.614 | 36.6 | 1.208
''')),  # noqa: E501
    text_segmentation=PublishedTable(
        'Text segmentation on TextSeg (Table 4 of the paper)', [
            Column('fgIoU ↑', 'fgIoU', 2),
            Column('P ↑', 'P', 2),
            Column('R ↑', 'R', 2),
            Column('F ↑', 'F', 2),
        ],
        _rows('''
U-Net | - | 89.00 | 77.40 | 82.80
DeepLabV3+ | 84.07 | - | - | 91.40
HRNetV2-W48 | 85.03 | - | - | 91.40
HRNetV2-W48 + OCR | 85.98 | - | - | 91.80
TexRNet + DeepLabV3+ | 86.06 | - | - | 92.10
TexRNet + HRNetV2-W48 | 86.84 | - | - | 92.40
SegFormer | 84.59 | - | - | 91.60
ARM-Net | - | 92.80 | 92.60 | 92.70
TFT | 87.11 | - | - | 93.10
UPOCR (paper) | 88.76 | 94.55 | 93.55 | 94.04
'''),
        note='The column F mixes two protocols. In the rows of UPOCR and TFT '
        'it is that of all pixels of the set, 2 fgIoU / (1 + fgIoU), as the '
        '`F` of this run. In those of HRNetV2 and TexRNet it is another, the '
        'mean of the F of images (fgIoU 86.84 would give 92.96, printed is '
        '92.40): compare them with `F_image`.'),
    tampered_text_detection=PublishedTable(
        'Tampered text detection on Tampered-IC13 (Table 5 of the paper)', [
            Column('IoU real ↑', 'IoU_real', 2),
            Column('P real ↑', 'P_real', 2),
            Column('R real ↑', 'R_real', 2),
            Column('F real ↑', 'F_real', 2),
            Column('IoU tampered ↑', 'IoU_tampered', 2),
            Column('P tampered ↑', 'P_tampered', 2),
            Column('R tampered ↑', 'R_tampered', 2),
            Column('F tampered ↑', 'F_tampered', 2),
            Column('mIoU ↑', 'mIoU', 2),
            Column('mF ↑', 'mF', 2),
        ],
        _rows('''
S3R + ContourNet | - | 77.88 | 54.80 | 64.33 | - | 86.68 | 91.45 | 88.99 | - | 76.66
ViTEraser + ContourNet | - | 56.84 | 75.82 | 64.97 | - | 92.62 | 85.77 | 89.06 | - | 77.02
DeepLabV3+ | 48.12 | 79.83 | 54.78 | 64.98 | 72.21 | 89.75 | 78.71 | 83.86 | 60.17 | 74.42
HRNetV2 | 43.26 | 76.35 | 49.95 | 60.39 | 73.12 | 89.98 | 79.60 | 84.47 | 58.19 | 72.43
Swin + UPerNet | 61.82 | 87.82 | 67.62 | 76.41 | 77.28 | 89.67 | 84.83 | 87.18 | 69.55 | 81.80
SegFormer | 53.22 | 86.39 | 58.09 | 69.47 | 77.78 | 91.78 | 83.60 | 87.50 | 65.50 | 78.49
BEiT + UPerNet | 57.07 | 81.23 | 65.74 | 72.67 | 70.88 | 82.27 | 83.66 | 82.96 | 63.98 | 77.82
CAT-Net | - | - | - | - | 28.31 | 31.45 | 73.91 | 44.13 | - | -
UPOCR (paper) | 71.80 | 93.31 | 75.70 | 83.59 | 71.62 | 79.76 | 87.53 | 83.46 | 71.71 | 83.53
''')),  # noqa: E501
)
