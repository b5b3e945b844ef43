from __future__ import annotations
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

import matplotlib
import numpy as np
from PIL import ImageFont, features

# The fonts of matplotlib, a requirement of mmengine, that draw plain words.
BUNDLED_FONTS = ('DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-BoldOblique',
                 'DejaVuSans-Oblique', 'DejaVuSansMono-Bold', 'DejaVuSerif',
                 'DejaVuSerif-Bold', 'DejaVuSerif-BoldItalic',
                 'DejaVuSerif-Italic', 'STIXGeneral', 'STIXGeneralBol',
                 'STIXGeneralBolIta', 'STIXGeneralItalic', 'cmb10', 'cmr10',
                 'cmss10', 'cmti10', 'cmtt10')
FONT_SUFFIXES = ('.otf', '.ttc', '.ttf')
# Characters that a font must draw for texts in a script.
PROBES = dict(
    latin='AZaz059éñüßł',
    cyrillic='Жщя',
    greek='Ωλς',
    han='中文的',
    kana='あカ日',
    hangul='한글',
    arabic='مصر',
    devanagari='कहन')
# Size in pixels at which fonts are asked for glyphs.
PROBE_SIZE = 24
# Letters of these take other shapes beside each other.
SHAPED = ('arabic', 'devanagari')


class Font(NamedTuple):
    """A font file, and what it can be used for.

    Attributes:
        path: The file.
        family: Its family, so that one of many styles is no likelier.
        scripts: The keys of :data:`PROBES` that it draws.
        monospaced: Whether all letters are equally wide.
    """
    path: str
    family: str
    scripts: tuple[str, ...]
    monospaced: bool


class FontPool:
    """Fonts to write with: those of matplotlib, and others.

    Args:
        font_dir: Folder of further TrueType or OpenType fonts, searched
            recursively. Fonts that draw none of the scripts (symbols) are
            skipped. None: only the fonts of matplotlib.
        system: Whether fonts that are installed on the machine are used, too;
            what is made then depends on the machine.

    Raises:
        FileNotFoundError: ``font_dir`` is no folder or holds no font file.
        ValueError: A file of ``font_dir`` cannot be read as a font, or none
            draws any of the scripts.
    """

    def __init__(self,
                 font_dir: str | Path | None = None,
                 system: bool = False) -> None:
        bundled = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'
        paths = [bundled / f'{name}.ttf' for name in BUNDLED_FONTS]
        fonts = [read_font(path) for path in paths if path.is_file()]
        if font_dir is not None:
            fonts += _own_fonts(Path(font_dir))
        if system:
            fonts += _system_fonts()
        self.fonts = [font for font in fonts if font.scripts]
        self._families: dict[tuple[str, bool], dict[str, list[Font]]] = {}

    @property
    def scripts(self) -> tuple[str, ...]:
        """Scripts that there is a font for."""
        shaping = features.check('raqm')
        return tuple(
            script for script in PROBES
            if (shaping or script not in SHAPED) and self._of(script))

    def pick(self,
             rng: np.random.Generator,
             script: str = 'latin',
             monospaced: bool = False) -> str:
        """Path of a font, every family being equally likely.

        Args:
            rng: Source of randomness.
            script: What it must draw; one of :attr:`scripts`.
            monospaced: Prefer one whose letters are equally wide.
        """
        families = (monospaced and self._of(script, True)) or self._of(script)
        names = list(families)
        styles = families[names[rng.integers(len(names))]]
        return styles[rng.integers(len(styles))].path

    def _of(self,
            script: str,
            monospaced: bool = False) -> dict[str, list[Font]]:
        """Fonts of a script, by family."""
        key = script, monospaced
        if key not in self._families:
            found: dict[str, list[Font]] = {}
            for font in self.fonts:
                if script in font.scripts and font.monospaced >= monospaced:
                    found.setdefault(font.family, []).append(font)
            self._families[key] = found
        return self._families[key]


@lru_cache(maxsize=256)
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at a size in pixels; the last ones used are cached.

    Its letters do not depend on whether Pillow found libraqm.
    """
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=32)
def load_shaping_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """The same for scripts whose letters take other shapes in words."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


def font_for(script: str) -> Callable[[str, int], ImageFont.FreeTypeFont]:
    """What loads the fonts of a script.

    Args:
        script: One of :data:`PROBES`.

    Returns:
        Takes the path of a font and its size in pixels.
    """
    return load_shaping_font if script in SHAPED else load_font


@lru_cache(maxsize=1024)
def letter_height(path: str, size: int, script: str) -> int:
    """How high the letters of a font are, the same for every word.

    Args:
        path: The font file.
        size: Its size in pixels.
        script: One of :data:`PROBES`.

    Returns:
        In pixels: that of :data:`PROBES`, which have ascenders or capitals.
    """
    box = font_for(script)(path, size).getbbox(PROBES[script])
    return int(np.ceil(box[3] - box[1]))


@lru_cache(maxsize=None)
def _missing_glyph(path: str) -> bytes:
    """What a font shows for a private character that no font has."""
    return bytes(load_font(path, PROBE_SIZE).getmask('\U0010fffd'))


@lru_cache(maxsize=2**16)
def draws(path: str, character: str) -> bool:
    """Whether a font has a glyph for a character.

    Args:
        path: The font file.
        character: A single one; for a space the answer is no.
    """
    mask = load_font(path, PROBE_SIZE).getmask(character)
    return bool(mask.getbbox()) and bytes(mask) != _missing_glyph(path)


@lru_cache(maxsize=None)
def read_font(path: Path) -> Font:
    """Find out what a font draws.

    Args:
        path: A font file.

    Raises:
        ValueError: It cannot be read as a font.
    """
    try:
        font = load_font(str(path), PROBE_SIZE)
        scripts = tuple(script for script, probe in PROBES.items() if all(
            draws(str(path), character) for character in probe))
        widths = {round(font.getlength(letter)) for letter in 'iMw.'}
        family = font.getname()[0] or path.stem
    except (OSError, ValueError) as error:
        raise ValueError(
            f'font file "{path}" cannot be read as a font: {error}') from error
    return Font(str(path), family, scripts, len(widths) == 1)


def _own_fonts(font_dir: Path) -> list[Font]:
    if not font_dir.is_dir():
        raise FileNotFoundError(f'font_dir "{font_dir}" is not a folder')
    files = sorted(
        path for path in font_dir.rglob('*')
        if path.suffix.lower() in FONT_SUFFIXES)
    if not files:
        raise FileNotFoundError(
            f'font_dir "{font_dir}" holds no font file; allowed are '
            f'{", ".join(FONT_SUFFIXES)}')
    fonts = [read_font(path) for path in files]
    if not any(font.scripts for font in fonts):
        raise ValueError(
            f'none of the {len(files)} fonts in font_dir "{font_dir}" draws '
            f'one of the scripts {", ".join(PROBES)}')
    return fonts


def _system_fonts() -> Sequence[Font]:
    """What fontconfig knows; nothing where there is none."""
    try:
        listed = subprocess.run(['fc-list', '--format', '%{file}\n'],
                                capture_output=True,
                                text=True,
                                check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    fonts = []
    for line in sorted(set(listed.splitlines())):
        if Path(line).suffix.lower() in FONT_SUFFIXES:
            try:
                fonts.append(read_font(Path(line)))
            except ValueError:  # of the machine, not the user's choice
                continue
    return fonts
