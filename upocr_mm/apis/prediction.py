from __future__ import annotations
import dataclasses
from typing import Any

import cv2
import numpy as np
from PIL import Image

from .picture import Picture


@dataclasses.dataclass
class Prediction:
    """What was found in one picture, at its own size.

    What belongs to a task that was not asked for is None.

    Attributes:
        picture: The picture.
        sizing: ``'resize'`` or ``'tile'``, with the reason.
        images: For each task what the model drew, uint8 (H, W, 3), RGB.
        text_free: The picture without its text, uint8 (H, W, 3), RGB.
        removal_mask: bool (H, W): where ``text_free`` may differ from the
            picture, or None if everywhere.
        text_mask: bool (H, W), the strokes of text.
        text_probability: uint8 (H, W), 0 to 255, how sure the model is of
            each pixel of the text mask.
        text_regions: Words and lines, see
            :func:`upocr_mm.apis.regions.find_regions`.
        classes: uint8 (H, W): 0 background, 1 real, 2 tampered text.
        tampered_regions: Regions of real and tampered text, with ``label``.
        tampered_score: Fraction of the pixels that are tampered.
        is_tampered: Whether that is enough to call the picture tampered.
    """
    picture: Picture
    sizing: str
    images: dict[str, np.ndarray]
    text_free: np.ndarray | None = None
    removal_mask: np.ndarray | None = None
    text_mask: np.ndarray | None = None
    text_probability: np.ndarray | None = None
    text_regions: list[dict[str, Any]] | None = None
    classes: np.ndarray | None = None
    tampered_regions: list[dict[str, Any]] | None = None
    tampered_score: float | None = None
    is_tampered: bool | None = None

    def clean_picture(self) -> Image.Image:
        """The picture without its text, of the kind it was.

        Gray pictures stay gray, transparency and 16 bits are kept. Outside of
        the mask all values are those of the file.
        """
        return self.picture.with_pixels(self.text_free, self.removal_mask)

    def strokes(self) -> Image.Image:
        """The strokes of text alone, on transparent ground (RGBA)."""
        channels = [*cv2.split(self.picture.colors), self.text_probability]
        # What is not seen is not stored.
        mask = self.text_mask.view(np.uint8)
        return Image.fromarray(cv2.copyTo(cv2.merge(channels), mask))

    def summary(self) -> dict[str, Any]:
        """What can be written as JSON: everything but the pixels."""
        height, width = self.picture.size
        result: dict[str, Any] = dict(
            name=self.picture.name,
            page=self.picture.page,
            width=width,
            height=height,
            sizing=self.sizing)
        for field in ('text_regions', 'tampered_regions', 'tampered_score',
                      'is_tampered'):
            value = getattr(self, field)
            if value is not None:
                result[field] = value
        if self.text_mask is not None:
            result['text_area'] = round(float(self.text_mask.mean()), 6)
        if self.removal_mask is not None:
            result['changed_area'] = round(float(self.removal_mask.mean()), 6)
        return result

    def to_dict(self) -> dict[str, Any]:
        """The summary and the arrays, by their names."""
        arrays = {
            field: getattr(self, field)
            for field in ('images', 'text_free', 'removal_mask', 'text_mask',
                          'text_probability', 'classes')
            if getattr(self, field) is not None
        }
        return dict(self.summary(), **arrays)
