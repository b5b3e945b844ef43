from __future__ import annotations
import math

import cv2
import numpy as np
import torch
from mmengine.runner import CheckpointLoader
from mmseg.registry import TASK_UTILS

from ..networks import CRAFT
from .base_text_detector import BaseTextDetector

_MEAN, _STD = (.485, .456, .406), (.229, .224, .225)
# Components with fewer pixels (of half the resolution) are no text.
_MIN_PIXELS = 10


@TASK_UTILS.register_module()
class CRAFTTextDetector(BaseTextDetector):
    """CRAFT (Baek et al., CVPR 2019), the detector of published tables.

    The defaults are those with which UPOCR and ViTEraser are scored.

    Args:
        weights: File of the published weights, ``craft_mlt_25k.pth``
            (https://github.com/clovaai/CRAFT-pytorch).
        text_threshold: The best pixel of a text must score more.
        link_threshold: A pixel that scores more links characters.
        low_text: A pixel that scores more belongs to a character.
        canvas_size: The longer side is enlarged to at most this.
        mag_ratio: How much to enlarge otherwise.
        device: Where to compute. Default: CUDA if there is one.

    Raises:
        FileNotFoundError: ``weights`` does not exist.
        ValueError: ``weights`` holds something else.
    """

    name = 'craft'

    def __init__(self,
                 weights: str,
                 text_threshold: float = .7,
                 link_threshold: float = .4,
                 low_text: float = .4,
                 canvas_size: int = 1280,
                 mag_ratio: float = 1.5,
                 device: str | None = None) -> None:
        self.text_threshold = text_threshold
        self.link_threshold = link_threshold
        self.low_text = low_text
        self.canvas_size = canvas_size
        self.mag_ratio = mag_ratio
        self.device = device or ('cuda'
                                 if torch.cuda.is_available() else 'cpu')
        state = {
            key[7:] if key.startswith('module.') else key: value
            for key, value in CheckpointLoader.load_checkpoint(
                weights, map_location='cpu').items()
        }
        network = CRAFT()
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(f'{weights} does not hold the weights of CRAFT '
                             '(craft_mlt_25k.pth): '
                             f'{str(error)[:300]}') from None
        self.network = network.requires_grad_(False).eval().to(self.device)

    def detect(self, image: np.ndarray, img_path: str) -> list[list[float]]:
        """Find the texts in a picture; see :class:`BaseTextDetector`."""
        inputs, ratio = self._prepare(image)
        with torch.no_grad():
            region, link = self.network(inputs)[0].float().cpu().numpy()
        boxes = text_boxes(region, link, self.text_threshold,
                           self.link_threshold, self.low_text)
        # The maps have half the resolution of the input.
        return [(2 / ratio * box).ravel().tolist() for box in boxes]

    def _prepare(self, image: np.ndarray) -> tuple[torch.Tensor, float]:
        longer = max(image.shape[:2])
        ratio = min(self.mag_ratio * longer, self.canvas_size) / longer
        height, width = (int(side * ratio) for side in image.shape[:2])
        resized = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_LINEAR)
        canvas = np.zeros((-(-height // 32) * 32, -(-width // 32) * 32, 3),
                          np.float32)
        canvas[:height, :width] = resized
        canvas = (canvas / 255 - np.float32(_MEAN)) / np.float32(_STD)
        inputs = torch.from_numpy(canvas.transpose(2, 0, 1).copy())[None]
        return inputs.to(self.device), ratio


def text_boxes(region: np.ndarray, link: np.ndarray, text_threshold: float,
               link_threshold: float, low_text: float) -> list[np.ndarray]:
    """Boxes of words from the two maps of CRAFT.

    Connected pixels of characters and links are a word; its links are taken
    off, what remains is dilated, and the smallest rectangle around it is its
    box (upright if it is almost square).

    Args:
        region: Scores of characters, shape (H, W).
        link: Scores of links, shape (H, W).
        text_threshold: See :class:`CRAFTTextDetector`.
        link_threshold: See :class:`CRAFTTextDetector`.
        low_text: See :class:`CRAFTTextDetector`.

    Returns:
        Corners of shape (4, 2), x and y in pixels of the maps, clockwise from
        the top left.
    """
    is_text, is_link = region > low_text, link > link_threshold
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (is_text | is_link).astype(np.uint8), connectivity=4)
    boxes = []
    for k in range(1, count):
        x, y, w, h, size = stats[k]
        if size < _MIN_PIXELS:
            continue
        # Dilated by half a character; only this part of the map is touched.
        grow = int(math.sqrt(size * min(w, h) / (w * h)) * 2)
        rows = slice(max(y - grow, 0), y + h + grow + 1)
        columns = slice(max(x - grow, 0), x + w + grow + 1)
        part = labels[rows, columns] == k
        # Arrays, not their maximum: NumPy 1 compares a scalar in float64.
        if not (region[rows, columns][part] >= text_threshold).any():
            continue
        part &= ~(is_link[rows, columns] & ~is_text[rows, columns])
        kernel = np.ones((1 + grow, 1 + grow), np.uint8)
        ys, xs = np.nonzero(cv2.dilate(part.astype(np.uint8), kernel))
        if not len(xs):
            continue  # links only
        points = np.stack((xs + columns.start, ys + rows.start), 1)
        boxes.append(_clockwise(_rectangle(points)))
    return boxes


def _rectangle(points: np.ndarray) -> np.ndarray:
    corners = cv2.boxPoints(cv2.minAreaRect(points.astype(np.int32)))
    sides = [
        np.linalg.norm(corners[0] - corners[1]),
        np.linalg.norm(corners[1] - corners[2])
    ]
    if abs(1 - max(sides) / (min(sides) + 1e-5)) > .1:
        return corners
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return np.array(
        [[left, top], [right, top], [right, bottom], [left, bottom]],
        dtype=np.float32)


def _clockwise(corners: np.ndarray) -> np.ndarray:
    return np.roll(corners, -int(corners.sum(1).argmin()), axis=0)
