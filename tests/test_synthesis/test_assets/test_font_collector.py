from __future__ import annotations
import shutil
from pathlib import Path

import matplotlib
from asset_files import COPYRIGHT

from upocr_mm.synthesis.assets.debian_package import PackagedFile
from upocr_mm.synthesis.assets.font_collector import collect_fonts
from upocr_mm.synthesis.assets.font_packages import FONT_PACKAGES, KINDS

FONTS = Path(matplotlib.get_data_path(), 'fonts', 'ttf')


def test_fonts_that_write_a_script_are_copied(tmp_path: Path) -> None:
    root, out = tmp_path / 'root', tmp_path / 'out'
    out.mkdir()
    for name, source in {
            'usr/fonts/a.ttf': 'DejaVuSerif-Bold.ttf',
            'usr/more/a.ttf': 'DejaVuSerif-Bold.ttf',
            'usr/fonts/symbols.TTF': 'STIXSizOneSymReg.ttf',
            'usr/photos/secret.ttf': 'DejaVuSans.ttf',
            'usr/fonts/D050000L.ttf': 'DejaVuSans.ttf',
            'usr/left/out.ttf': 'DejaVuSans.ttf'
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FONTS / source, root / name)
    (root / 'usr/fonts/broken.otf').write_bytes(b'OTTO')
    (root / 'usr/fonts/readme.txt').write_text('text')
    files = [
        PackagedFile(path.relative_to(root).as_posix(), path)
        for path in sorted(root.rglob('*')) if path.is_file()
    ]
    rows, counts = collect_fonts(files, COPYRIGHT, out,
                                 ['*/fonts/*', '*/more/*', '*/photos/*'])
    assert counts == {
        'font files': 5,
        'copied': 1,
        'seen before': 1,
        'without a script': 1,
        'unreadable': 1,
        'no free license': 1
    }
    row, = rows
    scripts = row.pop('scripts').split()
    assert {'latin', 'cyrillic', 'greek'} <= set(scripts)
    assert row == dict(
        file='a.ttf',
        face=0,
        family='DejaVu Serif',
        style='Bold',
        license='CC-BY-SA-4.0')
    assert (out /
            'a.ttf').read_bytes() == (FONTS /
                                      'DejaVuSerif-Bold.ttf').read_bytes()
    assert len(list(out.iterdir())) == 1


def test_every_package_has_one_kind() -> None:
    assert len(KINDS) == sum(map(len, FONT_PACKAGES.values()))
    assert {
        'sans', 'serif', 'slab', 'script', 'display', 'mono', 'condensed',
        'handwriting', 'cyrillic', 'greek', 'cjk', 'arabic', 'devanagari'
    } <= set(KINDS.values())
