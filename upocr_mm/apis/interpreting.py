"""From what the model draws to masks, boxes and a changed picture."""
from __future__ import annotations
from typing import Any, Mapping, Sequence

import cv2
import numpy as np

from ..models.task_codecs import BinaryMaskCodec, PaletteCodec
from .compositing import (MIN_CHANGE, change_mask, composite, grow,
                          shapes_to_mask)
from .options import PredictOptions
from .picture import Picture
from .prediction import Prediction
from .regions import find_regions

REMOVAL = 'text_removal'
SEGMENTATION = 'text_segmentation'
TAMPERING = 'tampered_text_detection'
LABELS = {1: 'real', 2: 'tampered'}
# A picture is called tampered if more than this part of it is, as in
# TamperedTextDetectionMetric.
MIN_TAMPERED = 0.001
# Rows that are computed at a time, to save memory.
ROWS = 256


def interpret(picture: Picture, images: Mapping[str, np.ndarray], sizing: str,
              codecs: Mapping[str, Any], tasks: Sequence[str],
              options: PredictOptions, size: int) -> Prediction:
    """Read the outputs of the model.

    Args:
        picture: The picture.
        images: For each task what the model drew, uint8 (H, W, 3), RGB.
        sizing: What was done to predict it.
        codecs: The codec of each task.
        tasks: Those of which results are wanted.
        options: What else is wanted.
        size: Side of the pictures that the model computes.

    Returns:
        What was found.

    Raises:
        ValueError: A mask is of another size than the picture, or a region
            is neither box nor polygon.
    """
    result = Prediction(picture, sizing,
                        {task: images[task]
                         for task in tasks})
    strength = options.strength
    # Pixels of the picture for each one that the model has computed.
    scale = 1.
    if sizing.startswith('resize'):
        scale = max(1., max(picture.size) / size)
    strokes = None
    if isinstance(codecs.get(SEGMENTATION), BinaryMaskCodec) and (SEGMENTATION
                                                                  in images):
        probability = gray_values(images[SEGMENTATION])
        threshold = strength.threshold
        if SEGMENTATION in tasks:
            at = codecs[SEGMENTATION].threshold
            if options.threshold is not None:
                at = options.threshold
            result.text_probability = probability
            result.text_mask = probability > at * 255
            result.text_regions = find_regions(
                result.text_mask, probability, join=round(6 * scale))
        strokes = probability > threshold * 255
    if isinstance(codecs.get(TAMPERING), PaletteCodec) and TAMPERING in tasks:
        _find_tampered(result, codecs[TAMPERING])
    if REMOVAL in tasks:
        _remove_text(result, strokes, options, scale)
    return result


def gray_values(image: np.ndarray) -> np.ndarray:
    """Mean of the channels, rounded, uint8 (H, W)."""
    red, green, blue = cv2.split(image)
    total = red.astype(np.uint16) + green + blue
    return ((total + 1) // 3).astype(np.uint8)


def classify(image: np.ndarray,
             palette: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest color of each pixel, as ``PaletteCodec.decode``.

    Args:
        image: uint8 (H, W, 3), RGB.
        palette: Colors (classes, 3) in [0, 1].

    Returns:
        Classes, uint8 (H, W), and how sure they are, uint8 (H, W): the share
        of their color in what is seen of all colors.
    """
    classes = np.zeros(image.shape[:2], np.uint8)
    scores = np.empty(image.shape[:2], np.uint8)
    weights = np.asarray(palette, np.float32)
    for top in range(0, len(image), ROWS):
        part = slice(top, top + ROWS)
        channels = cv2.split(image[part].astype(np.float32))
        best = total = None
        for index, color in enumerate(weights):
            value = sum(w * channel for w, channel in zip(color, channels))
            if best is None:
                best, total = value, value.copy()
                continue
            # Ties go to the lower class.
            classes[part][value > best] = index
            best = np.maximum(best, value)
            total += value
        scores[part] = np.round(255 *
                                (best / np.maximum(total, 1e-6)).clip(0, 1))
    return classes, scores


def _find_tampered(result: Prediction, codec: PaletteCodec) -> None:
    classes, scores = classify(result.images[TAMPERING], codec.palette.numpy())
    result.classes = classes
    regions = []
    for index, label in LABELS.items():
        for region in find_regions(classes == index, scores):
            regions.append(dict(label=label, **region))
    result.tampered_regions = regions
    result.tampered_score = round(float((classes == 2).mean()), 6)
    result.is_tampered = result.tampered_score > MIN_TAMPERED


def _remove_text(result: Prediction, strokes: np.ndarray | None,
                 options: PredictOptions, scale: float) -> None:
    before, after = result.picture.rgb, result.images[REMOVAL]
    if options.composite == 'none':
        result.text_free = after
        return
    mask = _removal_mask(result, strokes, options, scale)
    # Where nothing is drawn differently, nothing changes.
    result.removal_mask = mask
    result.text_free = composite(before, after, mask, options.strength.feather)


def _removal_mask(result: Prediction, strokes: np.ndarray | None,
                  options: PredictOptions, scale: float) -> np.ndarray:
    size = result.picture.size
    dilation = round(options.strength.dilation * scale)
    if not isinstance(options.mask, str):
        mask = np.asarray(options.mask).astype(bool)
        if mask.shape != size:
            raise ValueError(
                f'the mask for {result.picture.name} must have its size '
                f'{size} (height, width), but has {mask.shape}')
        if options.dilation is not None:
            mask = grow(mask, options.dilation)
    elif options.mask == 'regions':
        mask = np.ones(size, bool)
    elif options.mask == 'change':
        mask = change_mask(result.picture.rgb, result.images[REMOVAL],
                           MIN_CHANGE[options.preset])
        mask = grow(mask, dilation)
    else:
        mask = grow(strokes, dilation)
    if options.regions is not None:
        mask = mask & shapes_to_mask(options.regions, size, 'regions')
    if options.keep is not None and len(options.keep):
        mask = mask & ~shapes_to_mask(options.keep, size, 'keep')
    return mask
