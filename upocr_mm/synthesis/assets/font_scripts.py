"""Which scripts a font can write."""
from __future__ import annotations
import string
import struct
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError


def _range(first: str, last: str) -> str:
    return ''.join(map(chr, range(ord(first), ord(last) + 1)))


# Script -> characters that a font for it has. Of the Chinese ones it is a
# sample of the most frequent, with the forms that differ.
SCRIPTS: dict[str, str] = {
    'latin': string.ascii_letters + string.digits,
    'latin-extended': 'ÄÖÜäöüßàâéèêëîïôùûçñáíóúåøæãõčšžřěůąęłńśźżőűğışț',
    'cyrillic': _range('А', 'я') + 'Ёё',
    'greek': _range('Α', 'Ρ') + _range('Σ', 'Ω') + _range('α', 'ω')
    + 'άέήίόύώ',
    'hebrew': _range('א', 'ת'),
    'arabic': _range('ء', 'غ') + _range('ف', 'ي'),
    'persian': 'پچژگکی',
    'devanagari': _range('अ', 'ऋ') + _range('क', 'न') + _range('प', 'र')
    + 'लवशषसह' + _range('ा', 'ू') + 'ेैोौ्',
    'thai': _range('ก', 'ฮ') + 'ะาำิีึืุูเแโใไ่้',
    'kana': _range('ぁ', 'ん') + _range('ァ', 'ン') + 'ー',
    'han-simplified': '的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出'
    '会说对学里后发过还样开经长门东车书电点',
    'han-traditional': '的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出'
    '會說對學裡後發過還樣開經長門東車書電點',
    'han-japanese': '日本語東京駅円税込売店食飲酒気図書学校電車乗場出口入禁止注意',
    'hangul': '가각나다라마바사아자차카타파하한국어서울시장을를이은는에의로도',
}  # yapf: disable


@dataclass(frozen=True)
class FontFace:
    """One face of a font file.

    Args:
        index: Its place in the file; 0 but in collections.
        family: Such as ``DejaVu Sans``.
        style: Such as ``Bold Oblique``.
        scripts: Those of ``SCRIPTS`` that it has all characters of.
    """

    index: int
    family: str
    style: str
    scripts: tuple[str, ...]


def read_faces(path: str | Path) -> list[FontFace]:
    """Read what a font file can write.

    Args:
        path: A TrueType or OpenType file, or a collection of them.

    Returns:
        Its faces.

    Raises:
        ValueError: It cannot be read as a font.
    """
    try:
        if Path(path).suffix.lower() == '.ttc':
            with TTCollection(path, lazy=True) as collection:
                return [
                    _face(font, index)
                    for index, font in enumerate(collection.fonts)
                ]
        with TTFont(path, lazy=True) as font:
            return [_face(font, 0)]
    # fontTools lets errors of many kinds through for damaged tables.
    except (TTLibError, OSError, KeyError, ValueError, AttributeError,
            AssertionError, struct.error) as error:
        raise ValueError(
            f'font file "{path}" cannot be read: {error}') from error


def _face(font: TTFont, index: int) -> FontFace:
    characters = font.getBestCmap() or {}
    names = font['name']
    # 16 and 17 are the names of large families, 1 and 2 of groups of four.
    family = names.getDebugName(16) or names.getDebugName(1) or ''
    style = names.getDebugName(17) or names.getDebugName(2) or ''
    return FontFace(
        index, family, style,
        tuple(script for script, sample in SCRIPTS.items() if all(
            ord(character) in characters for character in sample)))
