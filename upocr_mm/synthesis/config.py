"""What synthetic data looks like: one typed configuration, and presets."""
from __future__ import annotations
import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Mapping

MIN_SIDE, MAX_SIDE = 32, 4096
# Languages of words, names and addresses, as Faker names them.
LATIN = dict(
    en_US=10, de_DE=1.5, fr_FR=1.5, es_ES=1.5, it_IT=1, pl_PL=0.7, pt_BR=0.7)
OTHERS = dict(
    ru_RU=1.5, el_GR=0.5, zh_CN=2, ja_JP=1, ko_KR=0.7, ar_AA=0.7, hi_IN=0.5)
# Kinds of forgeries, see `forgeries.py`.
KINDS = ('copy_move', 'splice', 'retype', 'digits', 'generate')
# Kinds of layout, see `layouts.py`.
LAYOUTS = ('word', 'line', 'paragraph', 'price_tag', 'receipt', 'form',
           'table', 'poster', 'label', 'street_sign', 'book_page', 'notebook')


def _check_size(size: Any) -> None:
    sides = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(sides) != 2 or not all(
            isinstance(side, int) and not isinstance(side, bool)
            and MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise ValueError(f'size must be two integers (height, width) from '
                         f'{MIN_SIDE} to {MAX_SIDE}, got {size!r}')


def _check_fields(kind: type, values: Mapping[str, Any]) -> None:
    fields = {f.name for f in dataclasses.fields(kind)}
    unknown = sorted(set(values) - fields)
    if unknown:
        raise ValueError(f'{unknown[0]!r} is no field of {kind.__name__}; '
                         f'allowed are {sorted(fields)}')


def _check_numbers(config: Any,
                   prefix: str,
                   fields: tuple[str, ...],
                   most: float = math.inf) -> None:
    for name in fields:
        value = getattr(config, name)
        if not _is_number(value) or not 0 <= value <= most:
            allowed = ('be a number of at least 0'
                       if most == math.inf else f'lie in [0, {most}]')
            raise ValueError(f'{prefix}{name} must {allowed}, got {value!r}')


def _is_number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and math.isfinite(value))


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    ends = tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(ends) != 2 or not all(
            isinstance(end, int) and not isinstance(end, bool)
            for end in ends) or not least <= ends[0] <= ends[1] <= most:
        raise ValueError(
            f'{name} must be two integers from {least} to {most}, the second '
            f'not less than the first, got {value!r}')


def _check_weights(name: str, weights: Mapping[str, float],
                   allowed: Any) -> None:
    if not isinstance(weights, Mapping) or not all(
            map(_is_number, weights.values())):
        raise ValueError(f'{name} must be a dict of numbers, got {weights!r}')
    unknown = sorted(set(weights) - set(allowed))
    if unknown:
        raise ValueError(f'{name} has {unknown[0]!r}, allowed are '
                         f'{sorted(allowed)}')
    if not weights or min(weights.values()) < 0 or not any(weights.values()):
        raise ValueError(f'{name} must hold weights of at least 0, not all 0, '
                         f'got {dict(weights)}')


@dataclass(frozen=True)
class CameraConfig:
    """What a camera or scanner adds, at most; every value is drawn anew.

    Args:
        blur: Standard deviation of the blur, in pixels.
        motion: Length of the blur by motion, in pixels; one image in eight.
        noise: Standard deviation of the grain, of a range of 0 to 1.
        least_noise: The same, at least.
        white_balance: Largest factor of a channel, less 1.
        gamma: Largest change of gamma, as a factor less 1.
        resample: Smallest factor by which the picture was reduced before it
            was enlarged again; one image in three.
        quality: Lowest and highest quality of JPEG.
        twice: Share of pictures that are compressed twice.
    """
    blur: float = 0.9
    motion: float = 4.
    noise: float = 0.03
    least_noise: float = 0.
    white_balance: float = 0.12
    gamma: float = 0.25
    resample: float = 0.6
    quality: tuple[int, int] = (60, 96)
    twice: float = 0.3

    def __post_init__(self) -> None:
        _check_numbers(self, 'camera.',
                       ('blur', 'motion', 'noise', 'least_noise',
                        'white_balance', 'gamma', 'resample', 'twice'))
        if self.least_noise > self.noise:
            raise ValueError(
                'camera.least_noise must be at most camera.noise = '
                f'{self.noise}, got {self.least_noise}')
        _check_range('camera.quality', self.quality, 1, 100)


@dataclass(frozen=True)
class TamperingConfig:
    """Forgeries, for tampered text detection.

    Args:
        authentic: Share of pictures without any.
        words: Share of the words of other pictures that are forged.
        kinds: Weights of the kinds, see
            :mod:`upocr_mm.synthesis.forgeries`, of those that are possible
            for a word.
        quality: Quality of JPEG after the forgery, lowest and highest.
        resize: Smallest factor by which a forged picture is resized; one in
            four.
    """
    authentic: float = 0.3
    words: float = 0.4
    kinds: Mapping[str, float] = field(default_factory=lambda: dict(
        copy_move=1, splice=1, retype=1, digits=3, generate=1.5))
    quality: tuple[int, int] = (70, 98)
    resize: float = 0.75

    def __post_init__(self) -> None:
        _check_numbers(self, 'tampering.', ('authentic', 'words', 'resize'), 1)
        _check_weights('tampering.kinds', self.kinds, KINDS)
        _check_range('tampering.quality', self.quality, 1, 100)


@dataclass(frozen=True)
class SynthesisConfig:
    """Synthetic pictures of one kind.

    Args:
        size: Height and width in pixels, 32 to 4096 each.
        layouts: Weights of :data:`LAYOUTS`.
        locales: Weights of languages, as Faker names them; those without a
            font are left out.
        blocks: Fewest and most blocks of text in a picture.
        empty: Share of pictures without text.
        cut_off: Share of blocks that are larger than the picture, which shows
            a part of them, as crops of photographs and pages do.
        text_height: Lowest height of a line in pixels, and the largest as a
            part of the shorter side.
        paper: Share of pictures whose whole ground is paper.
        photos: Share of the other grounds that are photographs, where there
            are any.
        distractors: Most things that look like text and are none.
        odd_words: Share of words in another font, size, color or sharpness
            than their neighbors: hard negatives of forgeries.
        effects: Share of blocks with an outline, shadow, glow, gradient,
            engraving or texture; each style has at most one.
        low_contrast: Share of blocks whose color is close to the ground's.
        worn: Share of blocks whose ink is broken, and of those that are
            blurred; on paper more of the former.
        perspective: Largest displacement of a corner by perspective, as a
            part of the side.
        rotation: Standard deviation of the rotation, in degrees.
        curved: Share of single lines on an arc or a wave.
        camera: See :class:`CameraConfig`.
        tampering: See :class:`TamperingConfig`.

    Raises:
        ValueError: A value is not as described.
    """
    size: tuple[int, int] = (256, 256)
    layouts: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(LAYOUTS, 1.))
    locales: Mapping[str, float] = field(default_factory=lambda: {
        **LATIN,
        **OTHERS
    })
    blocks: tuple[int, int] = (2, 6)
    empty: float = 0.04
    cut_off: float = 0.3
    text_height: tuple[float, float] = (10., 0.5)
    paper: float = 0.
    photos: float = 0.75
    distractors: int = 2
    odd_words: float = 0.08
    effects: float = 0.3
    low_contrast: float = 0.06
    worn: float = 0.06
    perspective: float = 0.12
    rotation: float = 6.
    curved: float = 0.15
    camera: CameraConfig = CameraConfig()
    tampering: TamperingConfig = TamperingConfig()

    def __post_init__(self) -> None:
        _check_size(self.size)
        _check_weights('layouts', self.layouts, LAYOUTS)
        _check_weights('locales', self.locales, {**LATIN, **OTHERS})
        _check_numbers(
            self, '',
            ('empty', 'cut_off', 'paper', 'photos', 'odd_words', 'effects',
             'low_contrast', 'worn', 'perspective', 'curved'), 1)
        _check_numbers(self, '', ('distractors', 'rotation'))
        _check_range('blocks', self.blocks, 1, 1000)
        pair = self.text_height
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(
                map(_is_number, pair)):
            raise ValueError(f'text_height must be two numbers, got {pair!r}')
        smallest, largest = pair
        if smallest < 4 or not 0 < largest <= 1:
            raise ValueError(
                'text_height must be a number of pixels of at least 4 and a '
                f'part of the side in (0, 1], got {self.text_height!r}')


PRESETS: dict[str, dict[str, Any]] = dict(
    # A few large words on plain grounds, for demonstrations of minutes.
    simple=dict(
        layouts=dict(word=3, line=1),
        locales=dict(en_US=1),
        blocks=(2, 5),
        cut_off=0.,
        text_height=(18., 0.3),
        effects=0.2,
        worn=0.,
        distractors=0,
        odd_words=0.,
        low_contrast=0.,
        perspective=0.,
        rotation=3.,
        curved=0.,
        camera=CameraConfig(
            blur=0.3,
            motion=0.,
            white_balance=0.,
            gamma=0.,
            resample=1.,
            quality=(94, 98),
            twice=0.),
        tampering=TamperingConfig(
            authentic=0.05,
            words=0.5,
            kinds=dict(splice=1, generate=1),
            quality=(94, 98),
            resize=1.)),
    # Shops, streets, packages, photographed.
    scene=dict(
        layouts=dict(
            word=5,
            line=4,
            paragraph=1,
            price_tag=1.5,
            label=2,
            street_sign=2,
            poster=1)),
    # Pages and receipts, scanned or photographed.
    document=dict(
        layouts=dict(
            paragraph=2,
            receipt=2,
            form=2,
            table=2,
            book_page=3,
            notebook=3,
            line=0.5),
        blocks=(1, 2),
        text_height=(9., 0.2),
        paper=0.9,
        distractors=1,
        effects=0.03,
        odd_words=0.04,
        perspective=0.05,
        rotation=2.,
        curved=0.,
        camera=CameraConfig(noise=0.04, white_balance=0.025)),
    # Designs: large letters, effects, clean.
    poster=dict(
        layouts=dict(poster=5, word=3, line=2, label=1, price_tag=1),
        text_height=(12., 0.7),
        photos=0.6,
        distractors=1,
        effects=0.5,
        odd_words=0.1,
        perspective=0.04,
        rotation=10.,
        curved=0.25,
        camera=CameraConfig(blur=0.4, motion=0., noise=0.01,
                            quality=(75, 98))),
    # Shop signs and logos: turned, on arcs, with effects.
    sign=dict(
        layouts=dict(
            word=5, line=4, poster=2, label=1, price_tag=0.5, street_sign=1),
        text_height=(12., 0.6),
        effects=0.5,
        low_contrast=0.1,
        rotation=25.,
        curved=0.6))


def preset(name: str, **changes: Any) -> SynthesisConfig:
    """The configuration of a preset.

    Args:
        name: ``'scene'``, ``'document'``, ``'poster'``, ``'sign'`` or
            ``'simple'``.
        **changes: Fields of :class:`SynthesisConfig` that differ.

    Raises:
        ValueError: There is no such preset or field, or a value is not as
            described.
    """
    if name not in PRESETS:
        raise ValueError(f'preset must be one of {list(PRESETS)}, got '
                         f'{name!r}')
    _check_fields(SynthesisConfig, changes)
    for key, kind in (('camera', CameraConfig), ('tampering',
                                                 TamperingConfig)):
        value = changes.get(key)
        if isinstance(value, Mapping):  # from a config file
            _check_fields(kind, value)
            changes[key] = kind(**value)
        elif key in changes and not isinstance(value, kind):
            raise ValueError(f'{key} must be a dict of the fields of '
                             f'{kind.__name__}, got {value!r}')
    return SynthesisConfig(**{**PRESETS[name], **changes})
