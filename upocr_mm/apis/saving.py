"""Results as files, whole or not at all."""
from __future__ import annotations
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ..utils import written_whole
from .picture import Picture
from .prediction import Prediction

# Suffix -> name of the format for Pillow, and whether it has transparency.
FORMATS = {
    '.png': ('PNG', True),
    '.jpg': ('JPEG', False),
    '.jpeg': ('JPEG', False),
    '.webp': ('WEBP', True),
    '.tif': ('TIFF', True),
    '.tiff': ('TIFF', True),
    '.bmp': ('BMP', False),
}
# What loses nothing; pictures in other formats are written as PNG.
LOSSLESS = ('.png', '.tif', '.tiff', '.bmp')
QUALITY = 95
# Colors of outlines in sheets, RGB.
OUTLINES = dict(real=(0, 200, 0), tampered=(230, 0, 0))


def write_image(image: Image.Image, stream: Any, suffix: str, info: dict,
                quality: int) -> None:
    """Encode an image.

    Args:
        image: The image.
        stream: Binary file to write into.
        suffix: Suffix of the format, one of :data:`FORMATS`.
        info: ``icc_profile``, ``dpi`` and ``exif`` to keep.
        quality: Of JPEG and WebP, 1 to 100.
    """
    name, transparent = FORMATS[suffix]
    if not transparent and image.mode in ('RGBA', 'LA'):
        ground = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(ground, image.convert('RGBA'))
        image = image.convert('RGB')
    if image.mode == 'I;16' and name not in ('PNG', 'TIFF'):
        values = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    options = dict(info)
    if name == 'JPEG':
        options.update(quality=quality, subsampling=0)
    elif name == 'PNG':
        if not info and image.mode in ('L', 'RGB', 'RGBA'):
            stream.write(_fast_png(np.asarray(image)))
            return
        # A tenth larger, in a third of the time.
        options.update(compress_level=1)
    elif name == 'WEBP':
        options.update(quality=quality, lossless=quality == 100, exact=True)
    if name == 'BMP':
        options.pop('icc_profile', None)
        options.pop('exif', None)
    image.save(stream, name, **options)


def _fast_png(values: np.ndarray) -> np.ndarray:
    """Encode gray, RGB or RGBA values: in half of Pillow's time.

    OpenCV cannot store a profile, a resolution or EXIF.
    """
    if values.ndim == 3:
        code = cv2.COLOR_RGB2BGR
        if values.shape[2] == 4:
            code = cv2.COLOR_RGBA2BGRA
        values = cv2.cvtColor(values, code)
    return cv2.imencode('.png', values)[1]


def save_image(image: Image.Image,
               file: str | Path,
               picture: Picture | None = None,
               quality: int = QUALITY) -> None:
    """Write an image, with what the file of a picture held besides.

    Args:
        image: The image.
        file: Where to; the suffix says in which format.
        picture: The picture whose profile, resolution and EXIF are kept.
        quality: Of JPEG and WebP, 1 to 100; WebP is lossless at 100.

    Raises:
        ValueError: The suffix is not known.
    """
    file = Path(file)
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f'{file}: pictures are written as '
                         f'{", ".join(FORMATS)}')
    info = picture.info if picture is not None else {}
    with written_whole(file) as folder:
        with open(folder / file.name, 'wb') as stream:
            write_image(image, stream, suffix, info, quality)


def result_images(prediction: Prediction) -> dict[str, Image.Image]:
    """All pictures of a prediction, by the name that files of it get."""
    found: dict[str, Image.Image] = {}
    if prediction.text_free is not None:
        found['text_free'] = prediction.clean_picture()
    if prediction.removal_mask is not None:
        found['removal_mask'] = _to_gray(prediction.removal_mask)
    if prediction.text_mask is not None:
        found['text_mask'] = _to_gray(prediction.text_mask)
        found['strokes'] = prediction.strokes()
    if prediction.classes is not None:
        found['tampered'] = Image.fromarray(outlined(prediction))
        found['classes'] = Image.fromarray(prediction.classes * 127)
    return found


def _to_gray(mask: np.ndarray) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


def save_prediction(
    prediction: Prediction,
    folder: Path,
    relative: Path,
    suffix: str | None = None,
    quality: int = QUALITY,
) -> list[Path]:
    """Write all results of a picture.

    Args:
        prediction: The results.
        folder: Where to.
        relative: Path of the picture below its folder, which is repeated.
        suffix: Format of the text-free picture; by default that of the
            picture if it loses nothing, else PNG. The picture with outlines
            is JPEG, everything else PNG and JSON.
        quality: See :func:`save_image`.

    Returns:
        The files: ``NAME_text_free.*``, ``NAME_text_mask.png``,
        ``NAME.json`` and so on.
    """
    stem = relative.stem
    if prediction.picture.num_pages > 1:
        stem = f'{stem}_page{prediction.picture.page + 1}'
    own = suffix or relative.suffix.lower()
    if suffix is None and own not in LOSSLESS:
        own = '.png'
    parent = folder / relative.parent
    images = result_images(prediction)
    # The picture with outlines is for the eye: JPEG is written much faster.
    suffixes = dict(
        text_free=own if own in FORMATS else '.png', tampered='.jpg')
    files = [
        parent / f'{stem}_{name}{suffixes.get(name, ".png")}'
        for name in images
    ]
    summary = parent / f'{stem}.json'
    with written_whole(summary, *files) as temporary:
        for (name, image), file in zip(images.items(), files):
            info = prediction.picture.info if name == 'text_free' else {}
            with open(temporary / file.name, 'wb') as stream:
                write_image(image, stream, file.suffix.lower(), info, quality)
        text = json.dumps(prediction.summary())
        (temporary / summary.name).write_text(text)
    return [*files, summary]


def outlined(prediction: Prediction) -> np.ndarray:
    """The picture with the regions of real and tampered text outlined."""
    image = prediction.picture.rgb.copy()
    width = max(1, round(max(prediction.picture.size) / 512))
    for region in prediction.tampered_regions or ():
        points = np.asarray(region['polygon']).round().astype(np.int32)
        cv2.polylines(image, [points], True, OUTLINES[region['label']], width)
    return image


def sheet(prediction: Prediction) -> np.ndarray:
    """The picture and all results side by side.

    Args:
        prediction: The results.

    Returns:
        uint8 array (H, K * W, 3), RGB.
    """
    panels = [prediction.picture.rgb]
    if prediction.text_free is not None:
        panels.append(prediction.text_free)
    if prediction.text_mask is not None:
        white = prediction.text_mask[..., None] * np.uint8(255)
        panels.append(np.repeat(white, 3, 2))
    if prediction.classes is not None:
        panels.append(outlined(prediction))
    return np.concatenate(panels, 1)
