from __future__ import annotations
import string
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import ImageFont

# The fonts of matplotlib, a requirement of mmengine, that draw plain words.
BUNDLED_FONTS = ('DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-BoldOblique',
                 'DejaVuSans-Oblique', 'DejaVuSansMono-Bold', 'DejaVuSerif',
                 'DejaVuSerif-Bold', 'DejaVuSerif-BoldItalic',
                 'DejaVuSerif-Italic', 'STIXGeneral', 'STIXGeneralBol',
                 'STIXGeneralBolIta', 'STIXGeneralItalic', 'cmb10', 'cmr10',
                 'cmss10', 'cmti10', 'cmtt10')
FONT_SUFFIXES = ('.otf', '.ttc', '.ttf')
CHARACTERS = string.ascii_letters + string.digits


class FontPool:
    """Fonts to draw words with: those of matplotlib and the user's own.

    Args:
        font_dir: Folder of further TrueType or OpenType fonts, searched
            recursively. Fonts without plain letters and digits (symbols) are
            skipped. Defaults to None: only the fonts of matplotlib.

    Raises:
        FileNotFoundError: If ``font_dir`` is no folder, holds no font file,
            or if matplotlib's fonts are missing and there is no ``font_dir``.
        ValueError: If a file of ``font_dir`` cannot be read as a font or if
            none of them has the letters A-Z, a-z and the digits 0-9.
    """

    def __init__(self, font_dir: str | Path | None = None) -> None:
        bundled = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'
        paths = [bundled / f'{name}.ttf' for name in BUNDLED_FONTS]
        self.paths = [str(path) for path in paths if path.is_file()]
        if font_dir is not None:
            self.paths += self._own_fonts(Path(font_dir))
        if not self.paths:
            raise FileNotFoundError(
                f'matplotlib has no fonts in "{bundled}"; give font_dir, a '
                'folder of TrueType fonts')

    def random_path(self, rng: np.random.Generator) -> str:
        """Path of one font, every font being equally likely."""
        return self.paths[rng.integers(len(self.paths))]

    @staticmethod
    def _own_fonts(font_dir: Path) -> list[str]:
        if not font_dir.is_dir():
            raise FileNotFoundError(f'font_dir "{font_dir}" is not a folder')
        files = sorted(
            path for path in font_dir.rglob('*')
            if path.suffix.lower() in FONT_SUFFIXES)
        if not files:
            raise FileNotFoundError(
                f'font_dir "{font_dir}" holds no font file; allowed are '
                f'{", ".join(FONT_SUFFIXES)}')
        usable = [str(path) for path in files if _draws_plain_words(path)]
        if not usable:
            raise ValueError(
                f'none of the {len(files)} fonts in font_dir "{font_dir}" has '
                'all of the letters A-Z, a-z and the digits 0-9')
        return usable


@lru_cache(maxsize=256)
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at a size in pixels; the last ones used are cached."""
    # The basic layout does not depend on whether Pillow found libraqm.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _draws_plain_words(path: Path) -> bool:
    try:
        font = load_font(str(path), 24)
        # A private character that no font has shows the "missing" glyph.
        missing = bytes(font.getmask('\U0010fffd'))
        glyphs = [font.getmask(character) for character in CHARACTERS]
    except OSError as error:
        raise ValueError(
            f'font file "{path}" cannot be read as a font: {error}') from error
    return all(glyph.getbbox() and bytes(glyph) != missing for glyph in glyphs)
