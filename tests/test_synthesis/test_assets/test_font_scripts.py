from __future__ import annotations
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTCollection, TTFont

from upocr_mm.synthesis.assets.font_scripts import SCRIPTS, read_faces

FONTS = Path(matplotlib.get_data_path(), 'fonts', 'ttf')


def test_scripts_are_unique_characters() -> None:
    for script, sample in SCRIPTS.items():
        repeated = {c for c in sample if sample.count(c) > 1}
        assert not repeated, (script, repeated)
        assert len(sample) >= 6


def test_faces_of_known_fonts() -> None:
    face, = read_faces(FONTS / 'DejaVuSans-BoldOblique.ttf')
    assert (face.index, face.family, face.style) == (0, 'DejaVu Sans',
                                                     'Bold Oblique')
    assert {'latin', 'latin-extended', 'cyrillic',
            'greek'} <= set(face.scripts)
    assert not {'kana', 'han-simplified', 'devanagari'} & set(face.scripts)
    # Symbols
    face, = read_faces(FONTS / 'STIXSizOneSymReg.ttf')
    assert face.scripts == ()


def test_faces_of_a_collection(tmp_path: Path) -> None:
    collection = TTCollection()
    collection.fonts = [
        TTFont(FONTS / 'DejaVuSans.ttf'),
        TTFont(FONTS / 'DejaVuSerif-Bold.ttf')
    ]
    collection.save(tmp_path / 'a.ttc')
    faces = read_faces(tmp_path / 'a.ttc')
    assert [(face.index, face.family, face.style)
            for face in faces] == [(0, 'DejaVu Sans', 'Book'),
                                   (1, 'DejaVu Serif', 'Bold')]


@pytest.mark.parametrize('name', ['a.ttf', 'a.ttc', 'a.otf'])
@pytest.mark.parametrize('cut', [0, 3, 20, 3000])
def test_damaged_fonts(tmp_path: Path, name: str, cut: int) -> None:
    whole = (FONTS / 'DejaVuSans.ttf').read_bytes()
    (tmp_path / name).write_bytes(whole[:cut])
    with pytest.raises(ValueError, match=name):
        read_faces(tmp_path / name)
