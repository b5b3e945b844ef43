"""How text is arranged: words, lines, receipts, tables, pages and so on.

Each function takes a :class:`Typesetter`, the height of a line of text in
pixels and the largest width and height, and returns a canvas.
"""
from __future__ import annotations
from typing import Callable

import numpy as np
from PIL import ImageDraw

from .page_canvas import OTHER, PageCanvas
from .typesetter import Typesetter

# Distance of lines, as a multiple of their height.
LEADING = 1.3


def word(setter: Typesetter, unit: float, width: int,
         height: int) -> PageCanvas:
    """A single word."""
    return _lines(setter, [setter.texts.word()], unit, width, height)


def line(setter: Typesetter, unit: float, width: int,
         height: int) -> PageCanvas:
    """A line: a phrase, an address on the web, a date."""
    texts = setter.texts
    kind = setter.rng.integers(6)
    text = (
        texts.contact()
        if kind == 0 else texts.date() if kind == 1 else texts.phrase())
    font = setter.font(unit)
    # Fewer words sooner than small ones.
    text = (setter.wrap(text, font, width - 4) or [text])[0]
    return _lines(setter, [text], unit, width, height, font)


def paragraph(setter: Typesetter, unit: float, width: int,
              height: int) -> PageCanvas:
    """Running text."""
    count = int(setter.rng.integers(2, 9))
    count = max(1, min(count, int(height / (LEADING * unit)) - 1))
    font = setter.font(unit)
    wide = min(width - 4, unit * setter.rng.uniform(8, 25))
    text = setter.texts.paragraph(int(count * 3 * wide / unit))
    lines = setter.wrap(text, font, wide)[:count]
    align = ('left', 'left', 'center', 'right')[setter.rng.integers(4)]
    return _lines(setter, lines, unit, width, height, font, align)


def poster(setter: Typesetter, unit: float, width: int,
           height: int) -> PageCanvas:
    """A large title over smaller lines, centered."""
    rng, texts = setter.rng, setter.texts
    canvas = PageCanvas((width, height))
    title = setter.font(unit)
    small = setter.font(max(8., unit * rng.uniform(0.25, 0.5)))
    align = 'center' if rng.random() < 0.7 else 'left'
    x = width / 2 if align == 'center' else 3
    y = 2.
    for text in setter.wrap(texts.phrase(), title, width - 4)[:3]:
        y += unit * 1.15
        if y > height - 2:
            break
        setter.write(canvas, x, y, text, title, align)
    y += unit * 0.2
    style = OTHER if rng.random() < 0.6 else 0
    for _ in range(int(rng.integers(0, 5))):
        text = texts.phrase() if rng.random() < 0.7 else texts.contact()
        for part in setter.wrap(text, small, width - 4)[:2]:
            y += small.size * LEADING
            if y < height - 2:
                setter.write(canvas, x, y, part, small, align, style)
    return canvas


def price_tag(setter: Typesetter, unit: float, width: int,
              height: int) -> PageCanvas:
    """A panel with a large price and a smaller name."""
    rng, texts = setter.rng, setter.texts
    price, font = texts.price(), setter.font(unit)
    room = max(width - unit, 8)
    if font.getlength(price) > room:
        font = setter.font(unit * room / font.getlength(price), font.path)
    small = setter.font(max(8., unit * 0.4))
    names = setter.wrap(texts.phrase(), small, width - unit)[:2]
    wide = max([font.getlength(price)] + [small.getlength(n) for n in names])
    size = (int(min(width, wide + unit)),
            int(min(height, unit * 2 + len(names) * small.size * LEADING)))
    canvas = PageCanvas(size)
    _panel(setter, canvas)
    y = unit * 0.4
    for name in names:
        y += small.size
        setter.write(canvas, size[0] / 2, y, name, small, 'center')
        y += small.size * (LEADING - 1)
    style = OTHER if rng.random() < 0.5 else 0
    setter.write(canvas, size[0] / 2, y + unit, price, font, 'center', style)
    return canvas


def label(setter: Typesetter, unit: float, width: int,
          height: int) -> PageCanvas:
    """A panel with a few lines."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit)
    count = max(1, min(int(rng.integers(1, 5)), int(height / (2 * unit))))
    lines = [
        texts.number() if rng.random() < 0.25 else texts.phrase()
        for _ in range(count)
    ]
    lines = [setter.wrap(text, font, width - 1.6 * unit) for text in lines]
    lines = [parts[0] for parts in lines if parts]
    if not lines:
        return PageCanvas((1, 1))
    wide = max(font.getlength(text) for text in lines) + 1.5 * unit
    size = (int(min(width, wide)),
            int(min(height, (len(lines) + 1) * LEADING * unit)))
    canvas = PageCanvas(size)
    _panel(setter, canvas)
    for i, text in enumerate(lines):
        setter.write(canvas, size[0] / 2, (i + 1.35) * LEADING * unit, text,
                     font, 'center')
    return canvas


def street_sign(setter: Typesetter, unit: float, width: int,
                height: int) -> PageCanvas:
    """A wide panel with one line and perhaps an arrow, a dot or a number."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit)
    text = (setter.wrap(texts.phrase(), font, width - 3 * unit) or ['1'])[0]
    icon = rng.random() < 0.5
    wide = font.getlength(text) + (2.6 if icon else 1.2) * unit
    size = (int(min(width, wide)), int(min(height, 2 * unit)))
    canvas = PageCanvas(size)
    _panel(setter, canvas)
    x = 0.6 * unit
    if icon:
        _icon(setter, canvas, (x, 0.45 * unit), unit)
        x += 1.4 * unit
    setter.write(canvas, x, 1.35 * unit, text, font)
    return canvas


def receipt(setter: Typesetter, unit: float, width: int,
            height: int) -> PageCanvas:
    """A shop's name and address, goods with prices, a sum, the date."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit, monospaced=rng.random() < 0.7)
    wide = int(min(width, unit * rng.uniform(14, 24)))
    canvas = PageCanvas((wide, height))
    if rng.random() < 0.5:
        _panel(setter, canvas, pale=True)
    step, y, margin = LEADING * unit, 1.6 * unit, 0.8 * unit
    head = setter.font(unit * rng.uniform(1, 1.6), font.path)
    for text, kind in [(texts.company(), head),
                       *((text, font) for text in texts.address()),
                       (texts.date(), font)]:
        for part in setter.wrap(text, kind, wide - 2 * margin)[:1]:
            setter.write(canvas, wide / 2, y, part, kind, 'center')
        y += step * kind.size / font.size
    total = height - 2.5 * step
    while y < total and rng.random() < 0.93:
        price = f'{rng.uniform(0.5, 100):.2f}'
        room = wide - 2 * margin - font.getlength(price) - unit
        for part in setter.wrap(
                texts.words(int(rng.integers(1, 4))), font, room)[:1]:
            setter.write(canvas, margin, y, part, font)
        setter.write(canvas, wide - margin, y, price, font, 'right')
        y += step
    _rule(canvas, (margin, y - 0.6 * unit), (wide - margin, y - 0.6 * unit),
          unit)
    y += 0.4 * unit
    setter.write(canvas, margin, y, 'TOTAL', head)
    setter.write(canvas, wide - margin, y, texts.price(), head, 'right')
    return canvas


def form(setter: Typesetter, unit: float, width: int,
         height: int) -> PageCanvas:
    """Names of fields with lines or boxes, some of them filled in."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit)
    hand = setter.font(unit * 1.15)
    canvas = PageCanvas((width, height))
    step, y, boxed = 2 * unit, 2 * unit, rng.random() < 0.5
    while y < height - unit:
        name = (setter.wrap(
            texts.words(int(rng.integers(1, 3))), font, width * 0.35)
                or [''])[0]
        start = 0.5 * unit + font.getlength(name) + unit
        if start > width - unit:
            break
        if name:
            setter.write(canvas, 0.5 * unit, y, name + ':', font)
        if boxed:
            canvas.pen().rectangle(
                (start, y - 1.2 * unit, width - 2, y + 0.4 * unit),
                outline=(60, 60, 60, 255))
        else:
            _rule(canvas, (start, y + 0.2 * unit), (width - 2, y + 0.2 * unit),
                  unit)
        if rng.random() < 0.6:
            text = (texts.name, texts.date, texts.number,
                    texts.phrase)[rng.integers(4)]()
            for part in setter.wrap(text, hand, width - start - unit)[:1]:
                setter.write(
                    canvas, start + 0.3 * unit, y, part, hand, style=OTHER)
        y += step
    return canvas


def table(setter: Typesetter, unit: float, width: int,
          height: int) -> PageCanvas:
    """Rows and columns between rules."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit)
    columns = int(max(1, min(rng.integers(2, 6), width // (3 * unit))))
    tall = unit * rng.uniform(1.5, 2.2)
    rows = int(max(1, min(rng.integers(2, 12), (height - 2) // tall)))
    wide = (width - 2) / columns
    canvas = PageCanvas((width, int(rows * tall) + 2))
    for i in range(rows + 1):
        _rule(canvas, (0, i * tall), (width, i * tall), unit)
    if rng.random() < 0.7:
        for i in range(columns + 1):
            _rule(canvas, (i * wide, 0), (i * wide, rows * tall), unit)
    numbers = rng.random(columns) < 0.5
    for row in range(rows):
        for column in range(columns):
            numeric = numbers[column] and row > 0
            text = texts.number() if numeric else texts.word()
            for part in setter.wrap(text, font, wide - unit)[:1]:
                setter.write(canvas, (column + 0.1) * wide,
                             row * tall + 0.5 * (tall + 0.7 * unit), part,
                             font)
    return canvas


def book_page(setter: Typesetter, unit: float, width: int,
              height: int) -> PageCanvas:
    """A page of paragraphs, perhaps with a heading and a number."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit)
    canvas = PageCanvas((width, height))
    margin, y = unit * rng.uniform(0.3, 2), unit * rng.uniform(1.2, 3)
    if rng.random() < 0.5:
        head = setter.font(unit * rng.uniform(1.2, 1.8))
        for part in setter.wrap(texts.phrase(), head, width - 2 * margin)[:1]:
            setter.write(canvas, width / 2, y + 0.5 * unit, part, head,
                         'center')
        y += 2.2 * unit
    leading = rng.uniform(1.15, 1.7) * unit
    while y < height - 2:
        rows = int((height - 2 - y) / leading) + 1
        text = texts.paragraph(
            int(min(rows, rng.integers(2, 9)) * 2.2 * width / unit))
        for part in setter.wrap(text, font, width - 2 * margin)[:rows]:
            setter.write(canvas, margin, y, part, font)
            y += leading
        y += leading * rng.choice([0, 0.5])
    return canvas


def notebook(setter: Typesetter, unit: float, width: int,
             height: int) -> PageCanvas:
    """Handwriting or print on ruled or squared paper."""
    rng, texts = setter.rng, setter.texts
    font = setter.font(unit * 0.9)
    canvas = PageCanvas((width, height))
    step = unit * rng.uniform(1.2, 1.8)
    color = tuple(int(v) for v in rng.integers(90, 200, 3)) + (int(
        rng.integers(90, 220)), )
    pen = canvas.pen()
    for y in np.arange(step, height, step):
        pen.line((0, y, width, y), color, 1)
    if rng.random() < 0.4:
        for x in np.arange(step, width, step):
            pen.line((x, 0, x, height), color, 1)
    elif rng.random() < 0.5:
        x = width * rng.uniform(0.05, 0.2)
        pen.line((x, 0, x, height), (220, 90, 90, 200), 1)
    y = step * int(rng.integers(1, 4))
    while y < height - 2:
        wide = width * rng.uniform(0.4, 0.95)
        for part in setter.wrap(texts.sentence(), font, wide):
            if y < height - 2:
                setter.write(canvas, 0.6 * unit, y - 0.15 * unit, part, font)
                y += step
        y += step * int(rng.random() < 0.3)
    return canvas


# Those of many lines, which are never as large as a single word.
PAGES = ('paragraph', 'receipt', 'form', 'table', 'book_page', 'notebook')
LAYOUTS: dict[str, Callable[[Typesetter, float, int, int], PageCanvas]] = {
    function.__name__: function
    for function in (word, line, paragraph, price_tag, receipt, form, table,
                     poster, label, street_sign, book_page, notebook)
}


def _lines(setter: Typesetter,
           lines: list[str],
           unit: float,
           width: int,
           height: int,
           font=None,
           align: str = 'left') -> PageCanvas:
    """A canvas that fits some lines, which are made smaller if need be."""
    font = font or setter.font(unit)
    longest = max([font.getlength(text) for text in lines], default=1)
    if longest > width - 4:
        font = setter.font(font.size * (width - 4) / longest, font.path)
        longest = max(font.getlength(text) for text in lines)
    size = (int(longest) + 4, int((len(lines) + 0.6) * LEADING * font.size))
    canvas = PageCanvas(size)
    x = dict(left=2., center=size[0] / 2, right=size[0] - 2)[align]
    for i, text in enumerate(lines):
        setter.write(canvas, x, (i * LEADING + 1.1) * font.size, text, font,
                     align)
    return canvas


def _panel(setter: Typesetter, canvas: PageCanvas, pale: bool = False) -> None:
    """What the text stands on, often with a frame."""
    rng = setter.rng
    width, height = canvas.size
    color = rng.integers(210, 256, 3) if pale else _panel_color(rng)
    fill = (*(int(v) for v in color), int(rng.integers(225, 256)))
    radius = int(rng.choice([0, 0, 0.1, 0.3]) * height)
    pen = canvas.pen()
    pen.rounded_rectangle((0, 0, width - 1, height - 1), radius, fill)
    if not pale and rng.random() < 0.5:
        frame = (*(int(v) for v in rng.integers(0, 256, 3)), 255)
        inset = int(rng.integers(0, max(2, height // 12)))
        pen.rounded_rectangle(
            (inset, inset, width - 1 - inset, height - 1 - inset),
            radius,
            outline=frame,
            width=max(1, height // 40))


def _panel_color(rng: np.random.Generator) -> np.ndarray:
    """White, black or pale as often as a strong color."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(0, 256, 3)
    if kind == 1:
        return rng.integers(0, 60) + rng.integers(0, 20, 3)
    return rng.integers(170, 236) + rng.integers(0, 20, 3)


def _rule(canvas: PageCanvas, start: tuple[float, float],
          end: tuple[float, float], unit: float) -> None:
    canvas.pen().line((*start, *end), (50, 50, 50, 230),
                      max(1, round(unit / 14)))


def _icon(setter: Typesetter, canvas: PageCanvas, place: tuple[float, float],
          unit: float) -> None:
    """An arrow, a disk or a triangle, which is no text."""
    rng = setter.rng
    x, y = place
    color = (*(int(v) for v in rng.integers(0, 256, 3)), 255)
    pen: ImageDraw.ImageDraw = canvas.pen()
    kind = rng.integers(3)
    if kind == 0:
        pen.ellipse((x, y, x + unit, y + unit), color)
    elif kind == 1:
        pen.polygon([(x, y + unit), (x + unit, y + unit), (x + unit / 2, y)],
                    color)
    else:
        middle = y + unit / 2
        pen.line((x, middle, x + unit, middle), color, max(1, int(unit / 6)))
        pen.polygon([(x + unit, middle), (x + 0.6 * unit, y + 0.15 * unit),
                     (x + 0.6 * unit, y + 0.85 * unit)], color)
