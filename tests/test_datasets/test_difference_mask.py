from __future__ import annotations

import cv2
import numpy as np
import pytest

from upocr_mm.datasets.difference_mask import difference_mask


def gray(shape: tuple[int, int] = (30, 40), value: int = 120) -> np.ndarray:
    return np.full((*shape, 3), value, np.uint8)


def test_threshold_and_the_channel_that_differs_most() -> None:
    label = gray()
    image = label.copy()
    image[5:10, 5:10, 1] += 26
    image[5:10, 20:25, 2] -= 25
    image[20:25, 5:10] -= 25
    wanted = np.zeros(label.shape[:2], np.uint8)
    wanted[5:10, 5:10] = 1
    mask = difference_mask(image, label)
    assert mask.dtype == np.uint8 and np.array_equal(mask, wanted)
    wanted[5:10, 20:25] = wanted[20:25, 5:10] = 1
    assert np.array_equal(difference_mask(image, label, threshold=24), wanted)
    assert np.array_equal(difference_mask(label, image, threshold=24), wanted)


def test_closing_fills_narrow_gaps() -> None:
    label = gray()
    image = label.copy()
    image[5:20, 5:10] = image[5:20, 11:16] = 0  # a gap of one column
    image[5:20, 22:27] = 0  # and one of six
    whole = np.zeros(label.shape[:2], np.uint8)
    whole[5:20, 5:16] = whole[5:20, 22:27] = 1
    # the ends of the gap stay open
    mask = difference_mask(image, label, closing=3)
    assert np.array_equal(mask[6:19], whole[6:19])
    mask = difference_mask(image, label, closing=1)
    assert not mask[:, 10].any() and mask.sum() == 15 * 15


def test_small_groups_are_noise() -> None:
    label = gray()
    image = label.copy()
    image[5:8, 5:8] = 0  # 9 pixels
    image[15, 5:15] = 0  # 10 pixels
    for i in range(10):  # 10 pixels that touch by their corners
        image[5 + i, 20 + i] = 0
    mask = difference_mask(image, label, closing=1)
    assert mask.sum() == 20 and not mask[5:8, 5:8].any()
    assert difference_mask(image, label, closing=1, min_area=9).sum() == 29


def test_equal_pictures_have_no_text() -> None:
    assert not difference_mask(gray(), gray()).any()


@pytest.mark.parametrize('quality', [75, 90])
def test_strokes_through_jpeg(quality: int) -> None:
    """Letters on a texture, both pictures compressed on their own."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.uniform(0, 255, (128, 256)), (0, 0), 2)
    label = gray((128, 256), 90) + np.uint8(texture / 2)[..., None]
    strokes = np.zeros(label.shape[:2], np.uint8)
    cv2.putText(strokes, 'Text', (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 3, 1, 8)
    image = np.where(strokes[..., None] > 0, np.uint8(20), label)
    pair = [
        cv2.imdecode(
            cv2.imencode('.jpg', picture,
                         [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)
        for picture in (image, label)
    ]
    mask = difference_mask(*pair)
    iou = (mask & strokes).sum() / (mask | strokes).sum()
    assert iou > 0.9
    # what lies outside touches the strokes: it is no noise of the texture
    near = cv2.dilate(strokes, np.ones((9, 9), np.uint8))
    assert not (mask & ~near & 1).any()


@pytest.mark.parametrize('settings, message', [
    (dict(threshold=255), 'threshold must be 0 to 254, got 255'),
    (dict(threshold=-1), 'got -1'),
    (dict(closing=4), 'closing must be odd and positive, got 4'),
    (dict(closing=-1), 'got -1'),
    (dict(min_area=0), 'min_area must be at least 1, got 0'),
])
def test_settings(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        difference_mask(gray(), gray(), **settings)


def test_pictures_of_different_size() -> None:
    with pytest.raises(ValueError, match=r'\(30, 40, 3\) and \(30, 41, 3\)'):
        difference_mask(gray(), gray((30, 41)))
