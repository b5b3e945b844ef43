"""Training samples of the three tasks, as files hold them."""
from __future__ import annotations
from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera, compress, decompress
from .forgeries import Forger, Forgery
from .scene import COVERED, Scene, SceneComposer
from .texts import pick

# Values of class maps, those of TextSeg.
WORD, EFFECT, IGNORED = 100, 200, 255
REAL, TAMPERED = 1, 2
# Real words whose box is smaller, in pixels, are not annotated.
MIN_BOX = 2


@dataclass
class RemovalSample:
    """Text removal.

    Attributes:
        image: JPEG file of the picture.
        target: JPEG file of the same without text: the same exposure.
        mask: uint8 (H, W), text 0, everything else 255.
        polygons: Of the words, int (N, 2) each, x and y.
        lines: The same of the lines.
    """
    image: bytes
    target: bytes
    mask: np.ndarray
    polygons: list[np.ndarray]
    lines: list[np.ndarray]


@dataclass
class SegmentationSample:
    """Text segmentation.

    Attributes:
        image: JPEG file of the picture.
        label: uint8 (H, W): 0 background, ``WORD`` where letters cover at
            least 40 % of a pixel, ``EFFECT`` where outlines, shadows and glow
            do and no letter, ``IGNORED`` around words that nobody can read.
    """
    image: bytes
    label: np.ndarray


@dataclass
class TamperingSample:
    """Tampered text detection.

    Attributes:
        image: JPEG file of the picture.
        boxes: x1, y1, x2, y2, label of each word: corners inclusive, 1 real,
            2 tampered; later ones lie over earlier ones.
        forgeries: What was forged, in pixels of ``host``.
        host: The picture before, uint8 (H, W, 3), RGB.
        forged: The same with the forgeries, not yet resized or compressed.
    """
    image: bytes
    boxes: list[tuple[int, int, int, int, int]]
    forgeries: list[Forgery]
    host: np.ndarray
    forged: np.ndarray


def removal_sample(rng: np.random.Generator,
                   composer: SceneComposer,
                   empty: bool = False) -> RemovalSample:
    """Make a sample of text removal.

    Args:
        rng: Source of randomness.
        composer: Makes the scene.
        empty: Whether it has no text at all.
    """
    scene, camera = _scene(rng, composer, empty)
    limit = (scene.size[1] - 1, scene.size[0] - 1)
    words, lines = ([p.round().clip(0, limit).astype(int) for p in polygons]
                    for polygons in ([word.polygon for word in scene.words],
                                     scene.line_polygons()))
    return RemovalSample(
        camera.take(scene.image), camera.take(scene.ground),
        np.where(scene.text_mask(), 0, 255).astype(np.uint8), words, lines)


def segmentation_sample(rng: np.random.Generator,
                        composer: SceneComposer) -> SegmentationSample:
    """Make a sample of text segmentation.

    Args:
        rng: Source of randomness.
        composer: Makes the scene.
    """
    scene, camera = _scene(rng, composer)
    return SegmentationSample(camera.take(scene.image), stroke_label(scene))


def stroke_label(scene: Scene) -> np.ndarray:
    """The class map of a scene, see :class:`SegmentationSample`."""
    label = np.zeros(scene.size, np.uint8)
    label[scene.effects > COVERED] = EFFECT
    label[scene.strokes > COVERED] = WORD
    for word in scene.words:
        if not word.legible:
            cv2.fillPoly(label, [word.polygon.round().astype(np.int32)],
                         IGNORED)
    return label


def tampering_sample(rng: np.random.Generator,
                     composer: SceneComposer) -> TamperingSample:
    """Make a sample of tampered text detection.

    Args:
        rng: Source of randomness.
        composer: Makes the scene.
    """
    config = composer.config.tampering
    shrink = rng.uniform(config.resize, 1) if rng.random() < 0.25 else 1.
    scene, camera = _scene(rng, composer, shrink=shrink)
    host = decompress(camera.take(scene.image))
    # Cameras compress by blocks of 8; what is cropped shifts them.
    image = host.astype(np.float32) / 255
    forger = Forger(rng, composer, scene, image)
    forgeries: list[Forgery] = []
    if rng.random() >= config.authentic:
        for index, word in enumerate(scene.words):
            if forger.can_forge(word) and rng.random() < config.words:
                # What cannot be done to this word is tried as another kind.
                kinds, forgery = dict(config.kinds), None
                while forgery is None and any(kinds.values()):
                    kind = pick(rng, kinds)
                    forgery = forger.forge(index, kind)
                    del kinds[kind]
                if forgery is not None:
                    forgeries.append(forgery)
    forged = np.rint(image.clip(0, 1) * 255).astype(np.uint8)
    # Of changed characters the rest of the word stays real.
    replaced = {f.word for f in forgeries if not f.part}
    boxes = []
    for index, word in enumerate(scene.words):
        # Words that nobody can read are text for nobody.
        if index in replaced or not word.legible:
            continue
        box = forger.tight_box(word)
        if min(box[2] - box[0], box[3] - box[1]) >= MIN_BOX:
            boxes.append((*box, REAL))
    boxes += [(*forgery.box, TAMPERED) for forgery in forgeries]
    final, boxes = _republish(rng, forged, boxes, shrink)
    low, high = config.quality
    # Authentic pictures are saved again as well: that alone is no forgery.
    quality = int(rng.integers(low, high + 1))
    return TamperingSample(
        compress(final, quality), boxes, forgeries, host, forged)


def _republish(rng: np.random.Generator, image: np.ndarray, boxes: list,
               factor: float) -> tuple[np.ndarray, list]:
    """Crop or resize a picture, as before it is shown to others."""
    if rng.random() < 0.5:
        top, left = (int(v) for v in rng.integers(0, 8, 2))
        image = np.ascontiguousarray(image[top:, left:])
        boxes = [(x1 - left, y1 - top, x2 - left, y2 - top, label)
                 for x1, y1, x2, y2, label in boxes]
    if factor < 1:
        height, width = (
            max(16, round(side * factor)) for side in image.shape[:2])
        boxes = [(*(round(v * factor) for v in box[:4]), box[4])
                 for box in boxes]
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    inside = []
    for x1, y1, x2, y2, label in boxes:
        x1, y1 = max(x1, 0), max(y1, 0)
        x2, y2 = min(x2, width - 1), min(y2, height - 1)
        if x1 < x2 and y1 < y2:
            inside.append((x1, y1, x2, y2, label))
    return image, inside


def _scene(rng: np.random.Generator,
           composer: SceneComposer,
           empty: bool = False,
           shrink: float = 1.) -> tuple[Scene, Camera]:
    """A scene and what takes it, which decides what can be read."""
    config = composer.config
    camera = Camera.draw(rng, config.camera, config.size)
    empty = empty or rng.random() < config.empty
    return composer.compose(rng, empty, shrink * camera.resample), camera
