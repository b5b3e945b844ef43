"""Results as files, whole or not at all."""
from __future__ import annotations
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ..utils import reason_of, written_whole
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
# Pixels that a side can have; the other formats store more than is read.
MAX_SIDES = dict(JPEG=65500, WEBP=16383)
QUALITY = 95
# Colors of outlines in sheets, RGB.
OUTLINES = dict(real=(0, 200, 0), tampered=(230, 0, 0))
# The pictures of a prediction.
RESULTS = ('text_free', 'removal_mask', 'text_mask', 'strokes', 'tampered',
           'classes')


def write_image(image: Image.Image, stream: Any, suffix: str, info: dict,
                quality: int) -> None:
    """Encode an image.

    Args:
        image: The image.
        stream: Binary file to write into.
        suffix: Suffix of the format, one of :data:`FORMATS`.
        info: ``icc_profile``, ``dpi`` and ``exif`` to keep.
        quality: Of JPEG and WebP, 1 to 100.

    Raises:
        ValueError: The format cannot store the image.
    """
    name, transparent = FORMATS[suffix]
    if not _fits(image, suffix):
        raise ValueError(
            f'{name} stores at most {MAX_SIDES[name]} pixels on a side, but '
            f'the picture has {image.width} x {image.height}; choose another '
            'format')
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
    try:
        image.save(stream, name, **options)
    except Exception as error:  # Pillow's are of many kinds
        if isinstance(error, OSError) and error.errno:
            raise  # of the disk
        raise ValueError(f'the picture cannot be written as {name}: '
                         f'{reason_of(error)}') from None


def _fits(image: Image.Image, suffix: str) -> bool:
    limit = MAX_SIDES.get(FORMATS[suffix][0])
    return limit is None or max(image.size) <= limit


def _write_file(image: Image.Image, part: Path, file: Path, info: dict,
                quality: int) -> None:
    """Write an image to ``part``, which is to become ``file``."""
    try:
        with open(part, 'wb') as stream:
            write_image(image, stream, file.suffix.lower(), info, quality)
    except ValueError as error:
        raise ValueError(f'{file}: {error}') from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from None


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
        ValueError: The suffix is not known, or the format cannot store the
            image.
    """
    file = Path(file)
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f'{file}: pictures are written as '
                         f'{", ".join(FORMATS)}')
    info = picture.info if picture is not None else {}
    with written_whole(file) as folder:
        _write_file(image, folder / file.name, file, info, quality)


def result_images(prediction: Prediction) -> dict[str, Image.Image]:
    """All pictures of a prediction, by their names in :data:`RESULTS`."""
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
    picture = prediction.picture
    images = result_images(prediction)
    paths = result_files(folder, relative, suffix, picture.page,
                         picture.num_pages)
    if 'tampered' in images and not _fits(images['tampered'], '.jpg'):
        paths['tampered'] = paths['tampered'].with_suffix('.png')
    files, summary = [paths[name] for name in images], paths['summary']
    with written_whole(summary, *files) as temporary:
        for (name, image), file in zip(images.items(), files):
            info = picture.info if name == 'text_free' else {}
            _write_file(image, temporary / file.name, file, info, quality)
        text = json.dumps(prediction.summary())
        (temporary / summary.name).write_text(text)
    return [*files, summary]


def result_files(folder: Path,
                 relative: Path,
                 suffix: str | None = None,
                 page: int = 0,
                 num_pages: int = 1) -> dict[str, Path]:
    """The files that :func:`save_prediction` writes if all tasks are wanted.

    Args:
        folder: See :func:`save_prediction`.
        relative: The same.
        suffix: The same.
        page: Number of the page, from 0.
        num_pages: Number of pages of the picture.

    Returns:
        The file of each picture of :func:`result_images`, and ``summary``.
    """
    stem = relative.stem
    if num_pages > 1:
        stem = f'{stem}_page{page + 1}'
    own = suffix or relative.suffix.lower()
    if suffix is None and own not in LOSSLESS:
        own = '.png'
    # The picture with outlines is for the eye: JPEG is written much faster.
    suffixes = dict(
        text_free=own if own in FORMATS else '.png', tampered='.jpg')
    parent = folder / relative.parent
    files = {
        name: parent / f'{stem}_{name}{suffixes.get(name, ".png")}'
        for name in RESULTS
    }
    return dict(files, summary=parent / f'{stem}.json')


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
