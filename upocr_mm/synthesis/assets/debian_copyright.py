from __future__ import annotations
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

# Beginnings of the short names of licenses that allow to use, change and pass
# on a work for any purpose.
FREE = re.compile(
    r'(public[- ]domain|cc0|cc[- ]by([- ]sa)?([- ]?\d|$)|(a|l)?gpl|bsd|mit\b|'
    r'expat|apache|zlib|isc\b|boost|bsl-1|mpl|artistic|ofl|sil[-_ ]|unicode|'
    r'open font|free[- ]art|lal\b|wtfpl|gust|lppl|bitstream|x11|ipa\b|'
    r'arphic|gfdl|paratype-free|m\+ fonts)', re.IGNORECASE)
NOT_FREE = re.compile(
    r'non-?commercial|no-?deriv|\bnc\b|\bnd\b|non-?free|proprietary',
    re.IGNORECASE)
# How licenses are called in copyright files that are plain text.
NAMES_IN_TEXT = {
    'CC-BY-SA-{}': r'attribution[- ]share-?alike\s+([1-4]\.0)',
    'CC-BY-{}': r'creative commons attribution\s+([1-4]\.0)',
    'CC-{}': r'creativecommons\.org/licenses/(by(?:-sa)?/[1-4]\.0)',
    'CC0-1.0': r'\bcc0\b|creative commons zero',
    'OFL-{}': r'(?:sil )?open font license,?\s+version\s+(1\.[01])',
    'LGPL': r'lesser general public license',
    'GPL-{}': r'common-licenses/gpl-([123])',
    'GPL': r'gnu general public license',
    'Apache-{}': r'apache license,?\s+version\s+(2\.0)',
    'BSD': r'redistribution and use in source and binary forms',
    'Expat': r'permission is hereby granted, free of charge',
    'Bitstream-Vera': r'bitstream vera',
    'public-domain': r'public domain',
}


@dataclass(frozen=True)
class License:
    """Under which license a file is, as its package says.

    Args:
        name: Short name, such as ``CC-BY-SA-3.0`` or ``GPL-2+ or CC0``.
        copyright: The holders, in one line; may be empty.
    """

    name: str
    copyright: str

    @property
    def is_free(self) -> bool:
        """Whether it is known to be free: one of those joined by "or" is."""
        if NOT_FREE.search(self.name.replace('-', ' ')):
            return False
        return any(
            all(
                FREE.match(part.strip())
                for part in re.split(r',|\band\b', option, flags=re.I)
                if part.strip())
            for option in re.split(r'\bor\b', self.name, flags=re.I)
            if option.strip())


class DebianCopyright:
    """The file ``/usr/share/doc/PACKAGE/copyright`` of a package.

    Most are in Debian's machine-readable format (DEP-5). Their patterns are
    paths in the source, which differ from those in the package by folders at
    the beginning; a file is matched by the end of its path. In other texts,
    and for files that nothing matches, all licenses that are named count.

    Args:
        text: The whole text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._stanzas = _files_stanzas(text)

    def license_of(self, name: str) -> License | None:
        """The license of a file.

        Args:
            name: Path in the package, with ``/``.

        Returns:
            The license, or None if the text names none.
        """
        # The last pattern that fits counts. A pattern that fits as it is
        # comes before one that does without its first folders, and that
        # before one for all files.
        for fits in _fits_whole, _fits_shortened, _fits_all:
            for patterns, license_ in reversed(self._stanzas):
                if any(fits(name, pattern) for pattern in patterns):
                    return license_
        return self._license_in_text()

    def _license_in_text(self) -> License | None:
        text = ' '.join(self._text.split())
        found = [
            template.format(match.upper().replace('/', '-'))
            for template, regex in NAMES_IN_TEXT.items()
            for match in dict.fromkeys(re.findall(regex, text, re.IGNORECASE))
        ]
        if re.search('non-?commercial', text, re.IGNORECASE):
            found.append('NonCommercial')
        if any(name.startswith('GPL-') for name in found):
            found = [name for name in found if name != 'GPL']
        if not found:
            return None
        holders = re.findall(r'copyright (?:©|\(c\))?.{0,60}?\d{4}.*',
                             self._text, re.IGNORECASE)
        return License(
            ' and '.join(dict.fromkeys(found)), '; '.join(
                dict.fromkeys(' '.join(line.split()) for line in holders)))


def _files_stanzas(text: str) -> list[tuple[list[str], License]]:
    stanzas = []
    for block in re.split(r'\n\s*\n', text):
        fields = _fields(block)
        if 'files' in fields and 'license' in fields:
            lines = fields['license'].splitlines()
            holders = '; '.join(
                line.strip()
                for line in fields.get('copyright', '').split('\n')
                if line.strip(' .'))
            name = next((line.strip() for line in lines if line.strip()), '')
            if name:
                stanzas.append(
                    (fields['files'].split(), License(name, holders)))
    return stanzas


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ''
    for line in block.splitlines():
        match = re.match(r'([A-Za-z-]+):(.*)', line)
        if match:
            name = match[1].lower()
            fields[name] = match[2].strip()
        elif name and line[:1] in (' ', '\t'):
            fields[name] += '\n' + line.strip()
    return fields


def _fits_whole(name: str, pattern: str) -> bool:
    if pattern in ('*', './*'):
        return False
    parts = PurePosixPath(name).parts
    return any(
        fnmatchcase('/'.join(parts[start:]), pattern)
        for start in range(len(parts)))


def _fits_shortened(name: str, pattern: str) -> bool:
    parts = pattern.split('/')
    # At least two folders and what is in them have to fit, or the name of a
    # file.
    stop = len(parts) - (2 if '*' in parts[-1] or '?' in parts[-1] else 0)
    return any(
        _fits_whole(name, '/'.join(parts[start:])) for start in range(1, stop))


def _fits_all(name: str, pattern: str) -> bool:
    return pattern in ('*', './*')
