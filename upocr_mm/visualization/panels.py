"""Pictures that put input, prediction and target side by side."""
from __future__ import annotations
from typing import Sequence

import cv2
import mmcv
import numpy as np
import torch
import torch.nn as nn
from mmseg.structures import SegDataSample

from ..utils import read_image, unwrap

COLUMNS = ('input', 'prediction', 'target')
# An error of this part of the full range is painted as the worst.
ERROR_SCALE = 0.25
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
        classes: Shape (H, W), integers; those without a color, such as
            ``IGNORE_INDEX``, are painted gray.
        palette: RGB color of each class.

    Returns:
        uint8 RGB image (H, W, 3).
    """
    table = np.full((256, 3), IGNORED_COLOR, np.uint8)
    table[:len(palette)] = palette
    return table[classes]


def find_palette(model: nn.Module, metainfo: dict,
                 task: str | None) -> Sequence[Sequence[int]] | None:
    """The colors in which the classes of a task are painted.

    Args:
        model: The model. If it predicts classes as colors, its own count: a
            target must look like what the model is to predict.
        metainfo: Of the data set: ``palette``, or the metainfo of each task
            under ``tasks``.
        task: Name of the task, if it has one.

    Returns:
        RGB colors, or None if the task has no classes.
    """
    palettes = getattr(unwrap(model), 'task_meta', {}).get('palettes', {})
    metainfo = metainfo.get('tasks', {}).get(task, metainfo)
    return palettes.get(task, metainfo.get('palette'))


def sample_pictures(
        sample: SegDataSample,
        palette: Sequence[Sequence[int]] | None) -> list[np.ndarray | None]:
    """Input, prediction and target of a sample.

    Args:
        sample: With ``img_path``, ``pred_image`` or ``pred_sem_seg``, and
            ``gt_image`` or ``gt_sem_seg``.
        palette: RGB colors of its classes, if it has classes.

    Returns:
        Three uint8 RGB images (H, W, 3); None where there is nothing.
    """

    def picture(kind: str) -> np.ndarray | None:
        if f'{kind}_image' in sample:
            return to_uint8(sample.get(f'{kind}_image').data)
        if f'{kind}_sem_seg' in sample:
            classes = sample.get(f'{kind}_sem_seg').data.squeeze(0)
            return paint_classes(classes.cpu().numpy(), palette)
        return None

    return [read_image(sample.img_path, 'rgb'), picture('pred'), picture('gt')]


def draw_error(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Map of the errors, from black (none) over red to white.

    Args:
        prediction: uint8 RGB image (H, W, 3).
        target: uint8 RGB image of the same shape.

    Returns:
        uint8 RGB image (H, W, 3) of the mean absolute difference of the
        channels; a quarter of the range and more is white.
    """
    difference = np.abs(prediction.astype(np.float32) - target).mean(-1)
    levels = np.clip(difference / ERROR_SCALE, 0, 255).astype(np.uint8)
    colors = cv2.applyColorMap(levels, cv2.COLORMAP_HOT)
    return np.ascontiguousarray(colors[..., ::-1])


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
               height: int = 192,
               columns: Sequence[str] = COLUMNS) -> np.ndarray:
    """Stack panels under captions.

    Args:
        rows: Caption and panel of each row.
        height: Height that the panels are brought to, in pixels.
        columns: What the pictures of a panel are, for the captions.

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
        text = f'{caption}:  ' + ' | '.join(columns)
        cv2.putText(strip, text, (2, CAPTION - 6), cv2.FONT_HERSHEY_SIMPLEX,
                    0.4, (0, 0, 0), 1, cv2.LINE_AA)
        padded = np.full((panel.shape[0], width, 3), 255, np.uint8)
        padded[:, :panel.shape[1]] = panel
        sheet += [strip, padded]
    return np.concatenate(sheet)
