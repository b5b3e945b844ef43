import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from upocr_mm.synthesis.font_pool import FontPool

FONTS = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf'


def test_bundled_fonts():
    names = {Path(font.path).stem for font in FontPool().fonts}
    assert {'DejaVuSans', 'DejaVuSerif', 'STIXGeneral'} <= names
    assert 'cmsy10' not in names  # symbols


def test_own_fonts_are_added_and_used(tmp_path):
    (tmp_path / 'sub').mkdir()
    own = tmp_path / 'sub' / 'own.TTF'
    shutil.copy(FONTS / 'DejaVuSans.ttf', own)
    shutil.copy(FONTS / 'STIXSizOneSymReg.ttf', tmp_path / 'symbols.ttf')
    pool = FontPool(tmp_path)
    assert [font.path for font in pool.fonts
            ] == [font.path for font in FontPool().fonts] + [str(own)]
    rng = np.random.default_rng(0)
    assert str(own) in {pool.pick(rng) for _ in range(300)}


def test_scripts_and_letters_of_equal_width():
    pool = FontPool()
    assert {'latin', 'cyrillic', 'greek'} <= set(pool.scripts)
    assert 'han' not in pool.scripts
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert 'Mono' in pool.pick(rng, monospaced=True)
        assert 'DejaVu' in pool.pick(rng, 'arabic') or ('arabic'
                                                        not in pool.scripts)


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.*not a folder'):
        FontPool(tmp_path / 'nowhere')


def test_folder_without_fonts(tmp_path):
    (tmp_path / 'readme.txt').write_text('no font')
    with pytest.raises(FileNotFoundError, match=r'no font file.*\.ttf'):
        FontPool(tmp_path)


def test_broken_font_is_named(tmp_path):
    (tmp_path / 'broken.ttf').write_bytes(b'no font')
    with pytest.raises(ValueError, match='broken.ttf'):
        FontPool(tmp_path)


def test_symbols_only(tmp_path):
    shutil.copy(FONTS / 'STIXSizOneSymReg.ttf', tmp_path)
    with pytest.raises(ValueError, match='draws one of the scripts'):
        FontPool(tmp_path)
