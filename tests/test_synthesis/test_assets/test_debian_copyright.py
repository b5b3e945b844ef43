from __future__ import annotations

import pytest

from upocr_mm.synthesis.assets.debian_copyright import DebianCopyright, License

MACHINE_READABLE = '''Format: https://www.debian.org/doc/1.0/
Upstream-Name: game

Files: *
Copyright: 2001 A
  2002 B <b@example.org>
License: GPL-2+
 This program is free software.

Files:
 data/tracks/hill/*
 data/models/box.png
Copyright: 2010 C
License: CC-BY-SA-3.0

Files: 16.04/lake_by_D.jpg
Copyright: 2016 D
License: CC-BY-NC-2.0

Files: src/lib/*
Copyright: E
License: Expat

License: GPL-2+
 On Debian systems, see /usr/share/common-licenses/GPL-2.
'''
PLAIN = '''This package was debianized by Somebody.

Copyright (c) 2011 Jane Doe <jane@example.org>

See https://creativecommons.org/licenses/by-sa/3.0/ for it.

The pictures are licensed under the Creative Commons Attribution-ShareAlike
3.0 License. On Debian systems see /usr/share/common-licenses/GPL-2 for the
GNU General Public License.
'''


@pytest.mark.parametrize(
    'name, license_name',
    [
        ('usr/share/games/game/readme.png', 'GPL-2+'),
        ('usr/share/games/game/data/models/box.png', 'CC-BY-SA-3.0'),
        ('usr/share/games/game/data/tracks/hill/a/b.jpg', 'CC-BY-SA-3.0'),
        # Installed without the first folders of the source.
        ('usr/share/games/game/tracks/hill/b.jpg', 'CC-BY-SA-3.0'),
        ('usr/share/backgrounds/lake_by_D.jpg', 'CC-BY-NC-2.0'),
        ('usr/share/games/game/models/other.png', 'GPL-2+'),
        ('usr/lib/x.png', 'GPL-2+'),
    ])
def test_file_in_machine_readable_text(name: str, license_name: str) -> None:
    found = DebianCopyright(MACHINE_READABLE).license_of(name)
    assert found.name == license_name


def test_holders_are_in_one_line() -> None:
    found = DebianCopyright(MACHINE_READABLE).license_of('usr/x')
    assert found.copyright == '2001 A; 2002 B <b@example.org>'


def test_plain_text_names_all_licenses() -> None:
    found = DebianCopyright(PLAIN).license_of('usr/any.jpg')
    assert found.name == 'CC-BY-SA-3.0 and GPL-2'
    assert 'Jane Doe' in found.copyright
    assert found.is_free
    restricted = DebianCopyright(PLAIN + 'For non-commercial use.\n')
    assert not restricted.license_of('usr/any.jpg').is_free


def test_addresses_of_licenses() -> None:
    text = 'See https://creativecommons.org/licenses/by/2.0/ and be happy.'
    assert DebianCopyright(text).license_of('a.jpg').name == 'CC-BY-2.0'


def test_text_without_a_license() -> None:
    assert DebianCopyright('').license_of('a.jpg') is None
    assert DebianCopyright('All rights reserved.').license_of('a') is None


@pytest.mark.parametrize('name, is_free', [
    ('GPL-2+', True),
    ('CC-BY-SA-4.0', True),
    ('CC-BY-SA', True),
    ('CC0', True),
    ('public-domain', True),
    ('SIL_Open_Font_License_1.1', True),
    ('GPL-2 with Font embedding exception and M+ FONTS License', True),
    ('OFL-1.1 or Custom', True),
    ('Custom', False),
    ('OFL-1.1 and Custom', False),
    ('CC-BY-NC-4.0', False),
    ('CC-BY-ND-4.0', False),
    ('CC-BY-NC-SA-3.0', False),
    ('', False),
])
def test_what_is_free(name: str, is_free: bool) -> None:
    assert License(name, '').is_free == is_free
