"""Properties of every scene, before the camera."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from upocr_mm.synthesis import preset
from upocr_mm.synthesis.config import LAYOUTS
from upocr_mm.synthesis.samples import EFFECT, IGNORED, WORD, stroke_label
from upocr_mm.synthesis.scene import COVERED, Scene, SceneComposer, SceneWord


def scenes(name: str, count: int, **changes) -> list[Scene]:
    composer = SceneComposer(preset(name, size=(160, 192), **changes))
    return [
        composer.compose(np.random.default_rng([7, i])) for i in range(count)
    ]


@pytest.fixture(
    scope='module', params=['scene', 'document', 'poster', 'sign', 'simple'])
def some(request) -> list[Scene]:
    return scenes(request.param, 12)


def test_signs_are_turned_and_curved() -> None:

    def shares(name: str) -> tuple[float, float]:
        warps = [word.warp for scene in scenes(name, 40)
                 for word in scene.words]  # yapf: disable
        ends = [warp.points(np.float64([[0, 0], [99, 0]])) for warp in warps]
        sines = [abs(b[1] - a[1]) / np.hypot(*(b - a)) for a, b in ends]
        return (np.mean([warp.curved for warp in warps]),
                np.mean(np.array(sines) > np.sin(np.deg2rad(15))))

    sign, scene = shares('sign'), shares('scene')
    assert sign[0] > 1.5 * scene[0] and sign[1] > 1.5 * scene[1]


def test_shapes_and_ranges(some: list[Scene]) -> None:
    assert sum(len(scene.words) for scene in some) > 12
    for scene in some:
        for image in (scene.ground, scene.image):
            assert image.shape == (160, 192, 3) and image.dtype == np.float32
            assert image.min() >= 0 and image.max() <= 1
        assert scene.strokes.max() <= 1 and scene.strokes.min() >= 0


def test_outside_of_the_mask_nothing_differs(some: list[Scene]) -> None:
    for scene in some:
        outside = ~scene.text_mask()
        assert np.array_equal(scene.image[outside], scene.ground[outside])
        assert outside.any()


def test_strokes_lie_within_polygons(some: list[Scene]) -> None:
    total = inside = 0
    for scene in some:
        polygons = np.zeros(scene.size, np.uint8)
        for word in scene.words:
            cv2.fillPoly(polygons, [word.polygon.round().astype(np.int32)], 1)
        strokes = scene.strokes > COVERED
        total += strokes.sum()
        inside += (strokes & (polygons > 0)).sum()
        # What is more than noise lies within, effects as well.
        seen = np.abs(scene.image - scene.ground).max(2) > 0.1
        assert (seen & (polygons == 0)).mean() < 2e-3
    assert total > 1000 and inside == total


def test_boxes_lie_within_the_picture(some: list[Scene]) -> None:
    for scene in some:
        for word in scene.words:
            x1, y1, x2, y2 = word.box(scene.size)
            assert 0 <= x1 <= x2 < 192 and 0 <= y1 <= y2 < 160


def test_words_lie_within_their_line(some: list[Scene]) -> None:
    several = 0
    for scene in some:
        lines = scene.line_polygons()
        numbers = list(dict.fromkeys(word.line for word in scene.words))
        assert len(lines) == len(numbers)
        several += len(lines) < len(scene.words)
        for word in scene.words:
            line = lines[numbers.index(word.line)].astype(np.float32)
            assert len(line) == len(word.polygon)
            # The corners of a curved line are fewer than those of its words.
            near = 2. if word.warp.curved else 1e-3
            for point in word.polygon.astype(float).tolist():
                assert cv2.pointPolygonTest(line, point, True) > -near
    assert several


def test_each_word_has_strokes_in_its_box(some: list[Scene]) -> None:
    for scene in some:
        for word in scene.words:
            x1, y1, x2, y2 = word.box(scene.size)
            assert (scene.strokes[y1:y2 + 1, x1:x2 + 1] > COVERED).any()


def test_label(some: list[Scene]) -> None:
    for scene in some:
        label = stroke_label(scene)
        assert set(np.unique(label)) <= {0, WORD, EFFECT, IGNORED}
        seen = label != IGNORED
        assert np.array_equal((label == WORD)[seen], (scene.strokes
                                                      > COVERED)[seen])
        assert not (label[~scene.text_mask()]).any()


@pytest.mark.parametrize('shrink', [1., 0.6])
def test_lines_are_legible_as_a_whole(shrink: float) -> None:
    """Words without ascenders as well, unless their ink is another."""
    composer = SceneComposer(
        preset('document', size=(192, 192), text_height=(9., 0.06)))
    found = {True: 0, False: 0}
    low = 0
    for i in range(12):
        scene = composer.compose(np.random.default_rng([3, i]), shrink=shrink)
        lines: dict[int, list[SceneWord]] = {}
        for word in scene.words:
            lines.setdefault(word.line, []).append(word)
        for words in lines.values():
            tall = {shrink * word.height >= 6 for word in words}
            found[tall.pop()] += 1
            assert not tall
        for word in scene.words:
            low += word.legible and word.flat.box[3] - word.flat.box[1] < 6
            assert not word.legible or shrink * word.height >= 6
    assert found[True] + found[False] > 60 and (shrink < 1 or low > 5)
    assert shrink == 1 or found[False] > 5


def test_a_scene_without_text() -> None:
    composer = SceneComposer(preset('scene', size=(64, 64)))
    scene = composer.compose(np.random.default_rng(0), empty=True)
    assert not scene.words and not scene.text_mask().any()
    assert np.array_equal(scene.image, scene.ground)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_every_layout_writes(layout: str) -> None:
    made = scenes('document', 4, layouts={layout: 1}, blocks=(1, 1))
    assert any(scene.words for scene in made)
    if layout in ('receipt', 'table', 'book_page', 'paragraph'):
        assert max(len({w.line for w in scene.words}) for scene in made) >= 3


def test_same_randomness_same_scene() -> None:
    first, second = scenes('scene', 3), scenes('scene', 3)
    for a, b in zip(first, second):
        assert np.array_equal(a.image, b.image)
        assert [w.text for w in a.words] == [w.text for w in b.words]


@pytest.mark.parametrize('changes, message', [
    (dict(size=(16, 64)), r'size must be .* got \(16, 64\)'),
    (dict(empty=2.), r'empty must lie in \[0, 1\], got 2'),
    (dict(blocks=(3, 2)), 'blocks must be two integers'),
    (dict(blocks=3), 'blocks must be two integers.* got 3'),
    (dict(text_height=12), 'text_height must be two numbers, got 12'),
    (dict(layouts=['word']), 'layouts must be a dict of numbers'),
    (dict(rotation='x'), "rotation must be a number .* got 'x'"),
    (dict(camera=3), 'camera must be a dict .* got 3'),
    (dict(camera=dict(quality=50)), 'camera.quality must be two integers'),
    (dict(camera=dict(noise=-1)), 'camera.noise must be a number'),
    (dict(camera=dict(noise=0.02, least_noise=0.03)),
     'camera.least_noise must be at most camera.noise = 0.02, got 0.03'),
    (dict(tampering=dict(authentik=1)), "'authentik' is no field of Tamper"),
    (dict(tampering=dict(words=2)), r'tampering.words must lie in \[0, 1\]'),
    (dict(tampering=dict(kinds=dict(digit=1))), "tampering.kinds has 'digit'"),
    (dict(text_height=(2., 0.4)), 'text_height must be'),
    (dict(layouts={}), 'layouts must hold weights'),
    (dict(locales=dict(xx_XX=1)), "locales has 'xx_XX'"),
])
def test_bad_values(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preset('scene', **changes)
