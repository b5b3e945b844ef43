"""Pictures that put input, prediction and target side by side."""
from __future__ import annotations
from typing import Sequence

import cv2
import mmcv
import numpy as np
import torch

COLUMNS = ('input', 'prediction', 'target')
GAP, CAPTION = 4, 20
IGNORED_COLOR = (128, 128, 128)


def to_uint8(image: torch.Tensor) -> np.ndarray:
    """RGB tensor (3, H, W) in [0, 1] to uint8 (H, W, 3)."""
    image = image.detach().clamp(0, 1).mul(255).round().to(torch.uint8)
    return image.permute(1, 2, 0).cpu().numpy()


def paint_classes(classes: np.ndarray,
                  palette: Sequence[Sequence[int]]) -> np.ndarray:
    """Paint a map of classes.

    Args:
        classes: Shape (H, W), integers; 255 is ignored and painted grey.
        palette: RGB colour of each class.

    Returns:
        uint8 RGB image (H, W, 3).
    """
    table = np.full((256, 3), IGNORED_COLOR, np.uint8)
    table[:len(palette)] = palette
    return table[classes]


def draw_panel(images: Sequence[np.ndarray | None]) -> np.ndarray:
    """Put pictures of one sample side by side.

    Args:
        images: uint8 RGB images (H, W, 3); they are brought to the size of the
            first. None leaves a gap.

    Returns:
        uint8 RGB image (H, n * W + gaps, 3).
    """
    h, w = images[0].shape[:2]
    canvas = np.full((h, len(images) * (w + GAP) - GAP, 3), 255, np.uint8)
    for i, image in enumerate(images):
        if image is not None:
            left = i * (w + GAP)
            canvas[:, left:left + w] = mmcv.imresize(image, (w, h))
    return canvas


def draw_sheet(rows: Sequence[tuple[str, np.ndarray]],
               height: int = 192) -> np.ndarray:
    """Stack panels under captions.

    Args:
        rows: Caption and panel of each row.
        height: Height that the panels are brought to, in pixels.

    Returns:
        uint8 RGB image.
    """
    panels = [
        mmcv.imrescale(panel, (10**6, height), interpolation='bicubic')
        for _, panel in rows
    ]
    width = max(panel.shape[1] for panel in panels)
    sheet = []
    for (caption, _), panel in zip(rows, panels):
        strip = np.full((CAPTION, width, 3), 255, np.uint8)
        text = f'{caption}:  ' + ' | '.join(COLUMNS)
        cv2.putText(strip, text, (2, CAPTION - 6), cv2.FONT_HERSHEY_SIMPLEX,
                    0.4, (0, 0, 0), 1, cv2.LINE_AA)
        padded = np.full((panel.shape[0], width, 3), 255, np.uint8)
        padded[:, :panel.shape[1]] = panel
        sheet += [strip, padded]
    return np.concatenate(sheet)
