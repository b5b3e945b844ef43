"""A picture with text, the same without, and where the text is."""
from __future__ import annotations
import math
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .background_painter import BackgroundPainter
from .config import SynthesisConfig
from .distractors import add_distractor, add_stamp
from .font_pool import FontPool, letter_height
from .inks import (Ink, broken_glyphs, choose_ink, draw_ink, effect_layer,
                   fading, softness)
from .layouts import LAYOUTS, PAGES
from .page_canvas import OTHER, FlatWord, PageCanvas
from .paper import paper
from .portable import mean
from .texts import SCRIPTS, Texts, pick
from .typesetter import Typesetter
from .warp import Warp, place

# Strokes cover a pixel from this opacity on.
COVERED = 0.4
# Text whose letters are lower than this (pixels), or less different from its
# ground (of 1), is illegible.
LEGIBLE_HEIGHT, LEGIBLE_CONTRAST = 6., 0.07
# Share of the things on paper that are stamps, and of the blocks on paper
# whose ink fades.
STAMPS, FADING = 0.4, 0.2
# A word whose letters are lower than this part of those of its line is judged
# by its own.
LIKE_ITS_LINE = 0.75
# Around the ink of a word, in pixels, so that its polygon holds all of it.
MARGIN = 2.


@dataclass
class SceneWord:
    """A word in a picture.

    Attributes:
        text: What it says.
        polygon: Around its ink, (N, 2) float x, y, clockwise from the top
            left, 4 or 18 points; may reach out of the picture.
        around: Its box on its canvas with the margin: x1, y1, x2, y2.
        line: Number of its line in the picture.
        height: Of the letters of its line, in pixels of the picture: whether
            it has ascenders itself makes no difference.
        legible: Whether a person could read it, behind the camera.
        flat: The word on its canvas.
        warp: How the canvas lies in the picture.
        ink: What it is written with.
    """
    text: str
    polygon: np.ndarray
    around: tuple[float, float, float, float]
    line: int
    height: float
    legible: bool
    flat: FlatWord
    warp: Warp
    ink: Ink

    def box(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2, inclusive, within a picture of this size."""
        return box_of(self.polygon, size)


@dataclass
class Scene:
    """A picture with text, before the camera.

    Attributes:
        ground: The picture without text, float32 (H, W, 3), RGB in [0, 1].
        image: With text; equal where there is no ink.
        strokes: Opacity of the letters, float32 (H, W).
        effects: Opacity of outlines, shadows and glow, float32 (H, W).
        words: The words.
    """
    ground: np.ndarray
    image: np.ndarray
    strokes: np.ndarray
    effects: np.ndarray
    words: list[SceneWord] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.strokes.shape

    @property
    def ink(self) -> np.ndarray:
        """Where the picture differs from its ground, bool (H, W)."""
        return (self.image != self.ground).any(2)

    def line_polygons(self) -> list[np.ndarray]:
        """Around the words of each line, as around a word."""
        lines: dict[int, list[SceneWord]] = {}
        for word in self.words:
            lines.setdefault(word.line, []).append(word)
        polygons = []
        for words in lines.values():
            around = np.array([word.around for word in words])
            box = (*around[:, :2].min(0), *around[:, 2:].max(0))
            polygons.append(words[0].warp.quadrilateral(box))
        return polygons

    def text_mask(self) -> np.ndarray:
        """The polygons of all words and all ink, bool (H, W)."""
        mask = np.zeros(self.size, np.uint8)
        for word in self.words:
            cv2.fillPoly(mask, [word.polygon.round().astype(np.int32)], 1)
        return mask.astype(bool) | self.ink


class SceneComposer:
    """Makes scenes of one configuration.

    Args:
        config: What they look like.
        font_dir: Folder of further fonts, see :class:`FontPool`.
        background_dir: Folder of photographs, see
            :class:`BackgroundPainter`.
        system_fonts: Whether to use the fonts of the machine.

    Raises:
        FileNotFoundError: There are no fonts or photographs.
        ValueError: A font or photograph cannot be read, or no font draws the
            languages of the configuration.
    """

    def __init__(self,
                 config: SynthesisConfig,
                 font_dir: str | Path | None = None,
                 background_dir: str | Path | None = None,
                 system_fonts: bool = False) -> None:
        self.config = config
        self.fonts = FontPool(font_dir, system_fonts)
        self.painter = BackgroundPainter(background_dir)
        drawn = self.fonts.scripts
        self.locales = {
            locale: weight
            for locale, weight in config.locales.items()
            if SCRIPTS.get(locale, 'latin') in drawn
        }
        if not self.locales:
            raise ValueError(
                f'no font draws the languages {sorted(config.locales)} of '
                f'locales; the fonts draw {", ".join(drawn)}')

    def compose(self,
                rng: np.random.Generator,
                empty: bool = False,
                shrink: float = 1.) -> Scene:
        """Make a scene.

        Args:
            rng: Source of randomness.
            empty: Whether it has no text.
            shrink: By which factor the picture will be reduced: what can no
                longer be read then is not legible.
        """
        config, size = self.config, self.config.size
        ground, is_paper = self.ground(rng, size)
        for _ in range(int(rng.integers(0, config.distractors + 1))):
            if is_paper and rng.random() < STAMPS:
                add_stamp(rng, ground)
            else:
                add_distractor(rng, ground)
        placed: list[tuple[PageCanvas, Warp, float]] = []
        if not empty:
            taken = np.zeros(size, np.uint8)
            low, high = config.blocks
            for _ in range(int(rng.integers(low, high + 1))):
                self._place(rng, ground, taken, placed, is_paper)
        np.clip(ground, 0, 1, out=ground)
        scene = Scene(ground, ground.copy(), np.zeros(size, np.float32),
                      np.zeros(size, np.float32))
        for canvas, warp, unit in placed:
            self._write(rng, scene, canvas, warp, unit, is_paper, shrink)
        np.clip(scene.image, 0, 1, out=scene.image)
        return scene

    def ground(self, rng: np.random.Generator,
               size: tuple[int, int]) -> tuple[np.ndarray, bool]:
        """What a picture of this configuration may be written on.

        Args:
            rng: Source of randomness.
            size: Height and width in pixels.

        Returns:
            float32 (H, W, 3), RGB in [0, 1], and whether it is paper.
        """
        if rng.random() < self.config.paper:
            return paper(rng, size), True
        if self.painter.photos and rng.random() < self.config.photos:
            return self.painter.photo(rng, size), False
        return self.painter.wall(rng, size), False

    def _place(self, rng: np.random.Generator, ground: np.ndarray,
               taken: np.ndarray, placed: list, is_paper: bool) -> None:
        """Lay out a block where there is room, and draw its decoration."""
        config = self.config
        height, width = config.size
        side = min(height, width)
        smallest, largest = config.text_height
        largest = max(largest * side, 4.)
        smallest = min(smallest, largest)
        unit = smallest * (largest / smallest)**rng.random()
        fills = is_paper and not placed
        if rng.random() < config.cut_off:
            reach = rng.uniform(1, 1.8)
        else:
            reach = 0.96 if fills else rng.uniform(0.4, 0.95)
        texts = Texts(rng, pick(rng, self.locales))
        setter = Typesetter(rng, texts, self.fonts, config.odd_words)
        layout = pick(rng, config.layouts)
        if layout in PAGES:
            unit = min(unit, max(smallest, 0.2 * side))
        canvas = LAYOUTS[layout](setter, unit, max(8, int(reach * width)),
                                 max(8, int(reach * height)))
        if not canvas.words:
            return
        for _ in range(6):
            warp = self._warp(rng, canvas, fills, layout in ('word', 'line'))
            outline = warp.quadrilateral(
                (-2, -2, canvas.size[0] + 2, canvas.size[1] + 2))
            mask = np.zeros_like(taken)
            cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)
            if mask.any() and not (mask & taken).any():
                taken |= mask
                placed.append((canvas, warp, unit))
                if canvas.decor is not None:
                    _draw_decor(ground, canvas, warp)
                return

    def _warp(self, rng: np.random.Generator, canvas: PageCanvas, fills: bool,
              single: bool) -> Warp:
        config = self.config
        height, width = config.size
        wide, tall = canvas.size
        corners = config.perspective * rng.uniform(-1, 1, (4, 2)) * (
            rng.random() < 0.5)
        angle = 0. if rng.random() < 0.3 else rng.normal(0, config.rotation)
        if not fills and rng.random() < 0.04:
            angle += rng.choice([90., -90.])
        center = np.array([width, height]) / 2
        # The picture shows a part of what is larger; of other blocks some are
        # cut off by its border.
        room = np.abs(np.array([width - wide, height - tall]))
        center = center + rng.uniform(-0.55, 0.55, 2) * room
        homography = place(canvas.size, tuple(center), 1., angle, corners)
        warp = Warp(homography, width=max(wide, 1))
        if single and rng.random() < config.curved:
            if rng.random() < 0.5:
                warp.arc = float(rng.uniform(-0.2, 0.2) * wide)
            else:
                warp.wave = float(rng.uniform(0.1, 0.3) * tall)
                warp.phase = float(rng.uniform(0, 6.28))
                warp.periods = float(rng.uniform(0.7, 2))
        return warp

    def _write(self, rng: np.random.Generator, scene: Scene,
               canvas: PageCanvas, warp: Warp, unit: float, is_paper: bool,
               shrink: float) -> None:
        """Write a block, style by style."""
        config, window = self.config, warp.window(canvas.size, scene.size)
        if window is None:
            return
        x, y = warp.maps(window)
        before = scene.image[window].copy()
        inks: dict[int, Ink] = {}
        new = np.zeros(x.shape, np.float32)
        fade = None
        if is_paper and rng.random() < FADING:
            fade = fading(rng, x.shape)
        for style in sorted(canvas.inks):
            glyphs = cv2.remap(
                np.asarray(canvas.inks[style]), x, y, cv2.INTER_LINEAR).astype(
                    np.float32) / 255
            behind = before[glyphs > COVERED]
            if not len(behind):
                behind = before.reshape(-1, 3)
            ink = choose_ink(rng, behind, unit, config.effects,
                             config.low_contrast, config.worn, is_paper)
            if style == OTHER and rng.random() < 0.5:
                ink.color = inks[0].color if inks else ink.color
            if style == OTHER and inks and rng.random() < 1 / 3:
                # Real words, too, are blurrier or sharper than others.
                ink.soft = 0. if inks[0].soft else softness(rng, unit)
            if fade is not None:
                ink.opacity = ink.opacity * fade
            if ink.broken:
                glyphs = broken_glyphs(rng, glyphs, ink.broken)
            if ink.soft:
                glyphs = cv2.GaussianBlur(glyphs, (0, 0), ink.soft)
                glyphs[glyphs < 0.02] = 0
            effect = effect_layer(glyphs, ink)
            draw_ink(scene.image[window], glyphs, effect, ink, rng)
            new = np.maximum(new, glyphs)
            if effect is not None:
                part = scene.effects[window]
                np.maximum(part, effect, out=part)
            inks[style] = ink
        part = scene.strokes[window]
        np.maximum(part, new, out=part)
        change = np.abs(scene.image[window] - before).mean(2)
        self._note(scene, canvas, warp, inks, change, new, window, shrink)

    def _note(self, scene: Scene, canvas: PageCanvas, warp: Warp,
              inks: dict[int, Ink], change: np.ndarray, strokes: np.ndarray,
              window: tuple[slice, slice], shrink: float) -> None:
        """Note the words that can be seen."""
        heights = _line_heights(canvas, warp)
        first = scene.words[-1].line + 1 if scene.words else 0
        for flat, height in zip(canvas.words, heights):
            ink = inks[flat.style]
            grow = MARGIN + 3 * ink.soft
            if ink.effect in ('outline', 'shadow', 'glow'):
                grow += 4 * ink.width
            x1, y1, x2, y2 = flat.box
            around = (x1 - grow, y1 - grow, x2 + grow, y2 + grow)
            polygon = warp.quadrilateral(around)
            box = box_of(polygon, scene.size)
            rows = slice(
                max(box[1] - window[0].start, 0),
                max(box[3] + 1 - window[0].start, 0))
            columns = slice(
                max(box[0] - window[1].start, 0),
                max(box[2] + 1 - window[1].start, 0))
            inside = strokes[rows, columns] > COVERED
            if not inside.any():
                continue
            contrast = mean(change[rows, columns][inside])
            legible = (
                shrink * height >= LEGIBLE_HEIGHT
                and contrast >= LEGIBLE_CONTRAST
                and ink.soft < 0.12 * max(height, 1))
            scene.words.append(
                SceneWord(flat.text, polygon, around, first + flat.line,
                          height, legible, flat, warp, ink))


def _line_heights(canvas: PageCanvas, warp: Warp) -> list[float]:
    """For each word the height of the letters of its line in the picture.

    A word whose own letters are much lower counts for itself.
    """
    own, lines = [], {}
    for flat in canvas.words:
        script = SCRIPTS.get(flat.locale, 'latin')
        x1, y1, x2, y2 = flat.box
        middle = (x1 + x2) / 2
        ends = warp.points(np.array([[middle, y1], [middle, y2]]))
        scale = math.dist(*ends) / (y2 - y1)
        own.append(scale * letter_height(flat.font, flat.font_size, script))
        lines.setdefault(flat.line, []).append(own[-1])
    means = {line: sum(values) / len(values) for line, values in lines.items()}
    return [
        height if height < LIKE_ITS_LINE *
        means[flat.line] else means[flat.line]
        for flat, height in zip(canvas.words, own)
    ]


def _draw_decor(ground: np.ndarray, canvas: PageCanvas, warp: Warp) -> None:
    """Draw what is no text, in place."""
    window = warp.window(canvas.size, ground.shape[:2])
    if window is None:
        return
    x, y = warp.maps(window)
    decor = cv2.remap(np.asarray(canvas.decor), x, y, cv2.INTER_LINEAR)
    decor = decor.astype(np.float32) / 255
    part = ground[window]
    part += decor[..., 3:] * (decor[..., :3] - part)


def box_of(polygon: np.ndarray, size: tuple[int, int]) -> tuple[int, ...]:
    """The box around a polygon.

    Args:
        polygon: (N, 2), x and y.
        size: Height and width of the picture, which cuts it off.

    Returns:
        x1, y1, x2, y2, integers, inclusive.
    """
    limit = (size[1] - 1, size[0] - 1)
    low = np.floor(polygon.min(0)).clip(0, limit)
    high = np.ceil(polygon.max(0)).clip(0, limit)
    return tuple(int(v) for v in (*low, *high))
