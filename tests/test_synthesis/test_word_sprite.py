import cv2
import numpy as np
import pytest

from upocr_mm.synthesis.font_pool import FontPool
from upocr_mm.synthesis.word_sprite import WordSprite

FONT = next(p for p in FontPool().paths if p.endswith('DejaVuSans.ttf'))


def test_upright_bar_has_the_shape_of_the_letter():
    # A capital "I" of DejaVu Sans is one upright bar, 0.729 em tall.
    sprite = WordSprite.render('I', FONT, 40)
    height, width = sprite.glyph.shape
    assert abs(height - 0.729 * 40) <= 1.5
    assert width < 8
    assert (sprite.glyph[3:-3].max(axis=1) == 1).all()
    assert not sprite.effect.any()


def test_rotation_is_counter_clockwise():
    sprite = WordSprite.render('lllll', FONT, 30, angle=20)
    columns = np.arange(sprite.glyph.shape[1])
    mass = sprite.glyph.sum(axis=0)
    center = (sprite.glyph * np.arange(len(sprite.glyph))[:, None]).sum(
        axis=0)[mass > 0] / mass[mass > 0]
    slope = np.polyfit(columns[mass > 0], center, 1)[0]
    assert slope < -0.1  # rises to the right; y points down


@pytest.mark.parametrize('effect', [None, 'outline', 'shadow'])
@pytest.mark.parametrize('angle', [-35., 0., 12.])
def test_polygon_holds_all_ink_and_fits_closely(effect, angle):
    sprite = WordSprite.render('Hotel', FONT, 30, angle, effect, 2.)
    height, width = sprite.glyph.shape
    shift = 20  # room around, to see ink outside
    canvas = np.zeros((height + 2 * shift, width + 2 * shift), np.uint8)
    corners = np.rint(sprite.polygon - 0.5 + shift).astype(np.int32)
    cv2.fillConvexPoly(canvas, corners, 1)
    inside = canvas[shift:-shift, shift:-shift]
    assert inside[sprite.ink].all()
    # Clockwise from the top left of the word, whatever the angle.
    across = sprite.polygon[1] - sprite.polygon[0]
    down = sprite.polygon[3] - sprite.polygon[0]
    assert np.rad2deg(np.arctan2(-across[1], across[0])) == pytest.approx(
        angle, abs=1e-6)
    assert np.cross(np.append(across, 0), np.append(down, 0))[2] > 0
    # Without the margin each side of the rectangle touches ink.
    rows, columns = np.nonzero(sprite.ink)
    points = np.stack([columns, rows], 1) + 0.5 - sprite.polygon[0]
    for side in (across, down):
        length = np.linalg.norm(side)
        place = points @ side / length
        assert 0 < place.min() < 4 and 0 < length - place.max() < 4


def test_outline_surrounds_the_letters():
    sprite = WordSprite.render('H', FONT, 40, 0., 'outline', 3.)
    letters = (sprite.glyph > 0.5).astype(np.uint8)
    around = cv2.dilate(letters, np.ones((3, 3), np.uint8)) > 0
    assert (sprite.effect[around] > 0.5).all()


def test_shadow_lies_to_the_lower_right():
    sprite = WordSprite.render('H', FONT, 40, 0., 'shadow', 4.)
    rows, columns = np.indices(sprite.glyph.shape)

    def center(alpha):
        return np.array([(alpha * rows).sum(),
                         (alpha * columns).sum()]) / alpha.sum()

    np.testing.assert_allclose(
        center(sprite.effect) - center(sprite.glyph), (4, 4), atol=0.4)
