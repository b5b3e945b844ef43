"""What is written: words, sentences, numbers, prices, dates, addresses."""
from __future__ import annotations
from datetime import datetime
from functools import lru_cache
from typing import Mapping

import numpy as np
from faker import Faker

# Script of each locale that is not Latin. The fonts decide which are used.
SCRIPTS = dict(
    ru_RU='cyrillic',
    el_GR='greek',
    zh_CN='han',
    ja_JP='kana',
    ko_KR='hangul',
    ar_AA='arabic',
    hi_IN='devanagari')
# Faker has no words of these, but names.
_NAMES_ONLY = ('ko_KR', 'hi_IN')
# Written without spaces between words.
_NO_SPACES = ('zh_CN', 'ja_JP')
CURRENCIES = ('$', '€', '£', '¥', '', '')


@lru_cache(maxsize=None)
def _faker(locale: str) -> Faker:
    return Faker(locale)


class Texts:
    """Texts of one language, from one source of randomness.

    Args:
        rng: Source of randomness.
        locale: The language, one of Faker's.
    """

    def __init__(self, rng: np.random.Generator, locale: str) -> None:
        self.rng = rng
        self.locale = locale
        self.script = SCRIPTS.get(locale, 'latin')
        self._fake = _faker(locale)
        self._fake.seed_instance(int(rng.integers(2**32)))

    @property
    def right_to_left(self) -> bool:
        """Whether lines run from right to left."""
        return self.script == 'arabic'

    def word(self) -> str:
        """One word, in lower, title or upper case, sometimes a number."""
        kind = self.rng.random()
        if kind < 0.12:
            return self.number()
        word = self._plain_word()
        if self.script in ('latin', 'cyrillic', 'greek'):
            case = self.rng.random()
            word = (
                word.upper()
                if case < 0.35 else word.title() if case < 0.7 else word)
        return word

    def words(self, count: int) -> str:
        """Some words with spaces between them."""
        return ' '.join(self._plain_word() for _ in range(count))

    def phrase(self) -> str:
        """What a sign says: one to four words, a name, a company, an offer."""
        kind = self.rng.integers(8)
        if kind == 0:
            return self._fake.company()
        if kind == 1:
            return self._fake.name()
        if kind == 2:
            return f'{self._plain_word()} {self.price()}'
        text = self.words(int(self.rng.integers(1, 5)))
        if self.script in ('latin', 'cyrillic', 'greek'):
            case = self.rng.random()
            text = (
                text.upper()
                if case < 0.4 else text.title() if case < 0.75 else text)
        return text

    def sentence(self) -> str:
        """A sentence of running text."""
        text = self.words(int(self.rng.integers(4, 12)))
        end = '。' if self.locale in _NO_SPACES else '.'
        return text[:1].upper() + text[1:] + end

    def paragraph(self, characters: int) -> str:
        """Sentences of about so many characters."""
        text = self.sentence()
        while len(text) < characters:
            text += ' ' + self.sentence()
        return text[:max(characters, 1)].rstrip()

    def number(self) -> str:
        """A whole or broken number, a code or a share."""
        kind = self.rng.integers(5)
        if kind == 0:
            return f'{self.rng.integers(1, 100)}%'
        if kind == 1:
            return f'{self.rng.integers(1000, 100000):,}'
        if kind == 2:
            return f'{self._fake.bothify("??-####").upper()}'
        return str(self.rng.integers(0, 10**int(self.rng.integers(1, 6))))

    def price(self) -> str:
        """A price, with the currency before, behind or not at all."""
        whole = int(10**self.rng.uniform(0, 3.3))
        point = ',' if self.rng.random() < 0.3 else '.'
        amount = f'{whole}{point}{self.rng.integers(100):02d}'
        currency = CURRENCIES[self.rng.integers(len(CURRENCIES))]
        if currency == '€':
            return f'{amount} €'
        return f'{currency}{amount}'

    def date(self) -> str:
        """A date in one of the usual forms, sometimes with a time."""
        pattern = ('%d/%m/%Y', '%Y-%m-%d', '%d.%m.%y', '%d %b %Y',
                   '%d/%m/%Y %H:%M')[self.rng.integers(5)]
        year, month, day, hour, minute = (int(self.rng.integers(low, high))
                                          for low, high in ((1995, 2027),
                                                            (1, 13), (1, 29),
                                                            (0, 24), (0, 60)))
        return datetime(year, month, day, hour, minute).strftime(pattern)

    def contact(self) -> str:
        """A telephone number, a web or mail address."""
        kind = self.rng.integers(3)
        if kind == 0:
            return f'Tel. {self._fake.numerify("### ### ####")}'
        domain = _faker('en_US')
        domain.seed_instance(int(self.rng.integers(2**32)))
        return f'www.{domain.domain_name()}' if kind == 1 else domain.email()

    def address(self) -> list[str]:
        """Lines of an address."""
        return self._fake.address().split('\n')

    def name(self) -> str:
        """Name of a person."""
        return self._fake.name()

    def company(self) -> str:
        """Name of a company."""
        return self._fake.company()

    def instead_of(self, old: str) -> str:
        """Another text of about the same length and case.

        Args:
            old: A word, number, price or date.

        Returns:
            A word; other digits in their places if ``old`` has no letter.
        """
        if not any(c.isalpha() for c in old):
            return ''.join(
                str(self.rng.integers(10)) if c.isdigit() else c for c in old)
        words = [self._plain_word() for _ in range(8)]
        if self.locale in _NO_SPACES:
            words = [''.join(words)[:len(old)]]
        new = min(words, key=lambda word: abs(len(word) - len(old)))
        if old.isupper():
            return new.upper()
        return new.title() if old[0].isupper() else new

    def _plain_word(self) -> str:
        if self.locale in _NAMES_ONLY:
            return self._fake.name().split()[0]
        return self._fake.word()


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """A key, as likely as its weight says."""
    names = list(weights)
    values = np.array([weights[name] for name in names], float).cumsum()
    return names[int(np.searchsorted(values, rng.random() * values[-1]))]
