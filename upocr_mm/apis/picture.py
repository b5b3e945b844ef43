from __future__ import annotations
import contextlib
import dataclasses
import io
import warnings
from pathlib import Path
from typing import Any, Iterator, Union

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, ImageSequence

from ..utils import open_picture, reason_of

# What one picture can be given as.
Source = Union[str, Path, bytes, Image.Image, np.ndarray]
# Pillow's own limit, from which on it takes a file for an attack.
MAX_PIXELS = 2 * 89_478_485
# Formats whose further frames are previews of the first one.
PREVIEWS = ('MPO', )
# Dots per inch that every format can store; others are dropped.
MAX_DPI = 65535


class UnreadableError(ValueError):
    """A file or array is no picture, damaged or empty."""


class TooLargeError(UnreadableError):
    """A picture has too many pixels."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture as the model sees it, and what its file held besides.

    Attributes:
        rgb: uint8 array (H, W, 3), RGB, upright, on white where the picture
            is transparent.
        name: Where it comes from, for messages and file names.
        page: Number of the page or frame, from 0.
        num_pages: Number of pages or frames of the file.
        colors: uint8 array (H, W, 3): the colors that are stored, also below
            transparent pixels.
        alpha: uint8 array (H, W), or None where nothing is transparent.
        gray: Whether the picture is gray.
        gray16: uint16 array (H, W), the values of a gray picture with 16
            bits, or None.
        info: ``icc_profile``, ``dpi`` and ``exif`` as Pillow's ``save`` takes
            them.
    """
    rgb: np.ndarray
    name: str
    page: int
    num_pages: int
    colors: np.ndarray
    alpha: np.ndarray | None
    gray: bool
    gray16: np.ndarray | None
    info: dict[str, Any]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[:2]

    def with_pixels(self, rgb: np.ndarray,
                    changed: np.ndarray | None) -> Image.Image:
        """The picture with other pixels, of the kind it was: gray, with alpha.

        Args:
            rgb: uint8 array (H, W, 3), the new pixels.
            changed: bool array (H, W); elsewhere the values that are stored
                stay as they are. None replaces all of them.

        Returns:
            An image of mode ``L``, ``LA``, ``I;16``, ``RGB`` or ``RGBA``.
        """
        if changed is not None:
            rgb = cv2.copyTo(rgb, changed.view(np.uint8), self.colors.copy())
        if self.gray16 is not None:
            values = np.asarray(Image.fromarray(rgb).convert('L'))
            values = values.astype(np.uint16) * 257
            if changed is not None:
                values = np.where(changed, values, self.gray16)
            return Image.fromarray(values)
        image = Image.fromarray(rgb)
        if self.gray:
            image = image.convert('L')
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image


def read_pictures(source: Source,
                  name: str | None = None,
                  max_pixels: int = MAX_PIXELS) -> Iterator[Picture]:
    """Read the pages of one picture, most often one.

    Pictures are turned as their EXIF orientation says, as a person sees them.
    (Data sets are read as stored, see :func:`upocr_mm.utils.read_image`.)

    Args:
        source: Path or content of a file, ``PIL.Image``, or array: (H, W),
            (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, uint8, uint16 or
            floats in [0, 1].
        name: Its name, by default that of the file.
        max_pixels: Largest number of pixels.

    Yields:
        Its pages.

    Raises:
        FileNotFoundError: There is no such file.
        UnreadableError: It is no picture, damaged, empty or, as
            :class:`TooLargeError`, too large; a ``ValueError``.
        TypeError: It is none of the above.
    """
    if isinstance(source, np.ndarray):
        name = name or 'array'
        source = _from_array(source, name)
    if isinstance(source, Image.Image):
        name = name or 'image'
        with _one_sentence(name):
            yield from _pages(source, name, max_pixels)
        return
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, file = name or 'bytes', io.BytesIO(source)
        if not source:
            raise UnreadableError(f'{name} is empty')
    elif isinstance(source, (str, Path)):
        path = Path(source)
        name, file = name or str(source), path
        if path.is_dir():
            raise UnreadableError(f'{path} is a folder, not a picture')
        if not path.exists():
            raise FileNotFoundError(f'{path} does not exist')
        if not path.is_file():
            raise UnreadableError(f'{path} is not a regular file')
        if path.stat().st_size == 0:
            raise UnreadableError(f'{path} is empty')
    else:
        raise TypeError('a picture must be a path, bytes, a PIL.Image or a '
                        f'NumPy array, but got {type(source).__name__}')
    with _one_sentence(name), open_picture(file) as image:
        yield from _pages(image, name, max_pixels)


@contextlib.contextmanager
def _one_sentence(name: str) -> Iterator[None]:
    """Say of any error of Pillow's which picture it is about.

    Damaged files raise errors of many kinds: ``struct.error`` and
    ``TypeError`` of EXIF, ``ValueError`` of packed texts, and others.
    """
    try:
        with warnings.catch_warnings():
            # Our own limit stands in for the warning about large pictures.
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            yield
    except Image.DecompressionBombError:
        raise TooLargeError(
            f'{name} has more than {MAX_PIXELS} pixels; it is refused, as '
            'unpacking it could fill the memory') from None
    except MemoryError:
        raise TooLargeError(f'{name} does not fit into the memory') from None
    except UnreadableError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise UnreadableError(f'{name} cannot be read: '
                                  f'{error.strerror}') from None
        raise UnreadableError(
            f'{name} is damaged, cut off or not a picture: '
            f'{reason_of(error) or type(error).__name__}') from None


def _from_array(array: np.ndarray, name: str) -> Image.Image:
    """Refuse what is no picture; the others as an image."""
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if not (array.ndim == 2 or
            (array.ndim == 3 and array.shape[-1] in (3, 4))) or not array.size:
        raise UnreadableError(
            f'{name} must have the shape (H, W), (H, W, 1), (H, W, 3) or '
            f'(H, W, 4), but got {array.shape}')
    if array.dtype.kind == 'f':
        # also false for NaN
        if not (array.min() >= 0 and array.max() <= 1):
            raise UnreadableError(
                f'{name} holds floats, which must lie in [0, 1], but got '
                f'values from {array.min():g} to {array.max():g}')
        array = np.round(array * 255).astype(np.uint8)
    if array.dtype == np.uint16 and array.ndim == 3:
        array = _to_8_bits(array)
    if array.dtype not in (np.uint8, np.uint16):
        raise UnreadableError(
            f'{name} must be of uint8, uint16 or floats, but got '
            f'{array.dtype}')
    return Image.fromarray(np.ascontiguousarray(array))


def _pages(image: Image.Image, name: str,
           max_pixels: int) -> Iterator[Picture]:
    num_pages = getattr(image, 'n_frames', 1)
    if image.format in PREVIEWS:
        num_pages = 1
    for page, frame in enumerate(ImageSequence.Iterator(image)):
        if page == num_pages:
            break
        yield _picture(frame, name, page, num_pages, max_pixels)


def _picture(image: Image.Image, name: str, page: int, num_pages: int,
             max_pixels: int) -> Picture:
    width, height = image.size
    if not 0 < width * height <= max_pixels:
        raise TooLargeError(f'{name} has {width} x {height} pixels, allowed '
                            f'are at most {max_pixels}')
    info = {}
    if image.info.get('icc_profile'):
        info['icc_profile'] = image.info['icc_profile']
    if _is_resolution(image.info.get('dpi')):
        info['dpi'] = image.info['dpi']
    exif = image.getexif()
    image = ImageOps.exif_transpose(image)
    exif.pop(0x0112, None)  # the orientation, which it now has
    if len(exif):
        info['exif'] = exif.tobytes()
    gray16 = None
    if image.mode.startswith('I') or image.mode == 'F':
        gray16 = _values_of_16_bits(np.asarray(image), name)
        image = Image.fromarray(_to_8_bits(gray16))
    gray = image.mode in ('1', 'L', 'LA', 'La')
    if image.mode not in ('1', 'L', 'RGB'):
        profile = info.get('icc_profile')
        if image.mode in ('CMYK', 'LAB', 'YCbCr', 'HSV'):
            # The profile describes values that the result does not have.
            info.pop('icc_profile', None)
            image = _to_srgb(image, profile)
        elif image.mode != 'RGBA':
            image = image.convert('RGBA')
    alpha = None
    if image.mode == 'RGBA':
        alpha = np.asarray(image.getchannel('A'))
        alpha = None if alpha.min() == 255 else alpha
    colors = np.asarray(image.convert('RGB'))
    rgb = colors if alpha is None else _on_white(colors, alpha)
    return Picture(rgb, name, page, num_pages, colors, alpha, gray, gray16,
                   info)


def _is_resolution(dpi: Any) -> bool:
    """Whether it is a resolution that can be written again."""
    return (isinstance(dpi, tuple) and len(dpi) == 2
            and all(0 < value <= MAX_DPI for value in dpi))


def _values_of_16_bits(values: np.ndarray, name: str) -> np.ndarray:
    """The values of a gray picture with more than 8 bits, as uint16."""
    low, high = values.min(), values.max()
    if values.dtype.kind == 'f' or low < 0 or high > 65535:
        raise UnreadableError(
            f'{name} has values of type {values.dtype} from {low:g} to '
            f'{high:g}; of gray pictures with more than 8 bits only those '
            'with values from 0 to 65535 are read')
    return values.astype(np.uint16)


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the profile of the picture where it has a usable one."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            return ImageCms.profileToProfile(
                image,
                io.BytesIO(profile),
                ImageCms.createProfile('sRGB'),
                outputMode='RGB')
    return image.convert('RGB')


def _on_white(colors: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """What is seen of a transparent picture on paper."""
    share = alpha[..., None].astype(np.float32) / 255
    return np.round(colors * share + 255 * (1 - share)).astype(np.uint8)
