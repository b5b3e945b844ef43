"""The jitter keeps to BGR and is the one of mmpretrain, to the last bit."""
from __future__ import annotations

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.datasets.transforms import ColorJitter

from upocr_mm.datasets import ByteColorJitter


def jitter(image: np.ndarray, **kwargs) -> np.ndarray:
    return ByteColorJitter(**kwargs)(dict(img=image))['img']


@pytest.mark.parametrize('arguments', [
    dict(brightness=0.5),
    dict(contrast=0.5),
    dict(saturation=0.5),
    dict(hue=0.5),
    dict(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5),
    dict(brightness=(0.0, 3.0), contrast=(0.0, 3.0)),
    dict(),
])
def test_it_is_the_one_of_mmpretrain(arguments: dict) -> None:
    rng = np.random.RandomState(0)
    for seed in range(30):
        # Cut out, as behind a crop: the rows do not follow each other.
        whole = rng.randint(0, 256, (30, 50, 3)).astype(np.uint8)
        image = whole[3:rng.randint(10, 30), 4:rng.randint(10, 50)]
        np.random.seed(seed)
        known = ColorJitter(
            **arguments, backend='cv2')(dict(img=image.copy()))['img']
        state = np.random.get_state()[1]
        np.random.seed(seed)
        found = jitter(image, **arguments)
        assert found.dtype == np.uint8 and np.array_equal(found, known)
        assert np.array_equal(np.random.get_state()[1], state)


def test_all_levels() -> None:
    """Also where a level is cut off, and in a gray picture."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    for name in ('brightness', 'contrast', 'saturation'):
        for factor in np.linspace(0, 2, 41):
            arguments = {name: (factor, factor)}
            known = ColorJitter(**arguments, backend='cv2')(dict(img=image))
            found = jitter(image, **arguments)
            assert np.array_equal(found, known['img']), arguments


def test_the_loaded_image_stays() -> None:
    image = np.random.RandomState(0).randint(0, 256, (9, 9, 3))
    image = image.astype(np.uint8)
    before = image.copy()
    assert not np.array_equal(jitter(image, hue=(0.3, 0.3)), before)
    assert np.array_equal(image, before)


def test_hue_is_turned_in_bgr() -> None:
    red = np.zeros((4, 4, 3), dtype=np.uint8)
    red[..., 2] = 255
    third = jitter(red, hue=(1 / 3, 1 / 3))[0, 0]  # red becomes green
    assert third[1] > 245 and third[0] < 10 and third[2] < 10


def test_gray_is_weighed_in_bgr() -> None:
    blue = np.zeros((4, 4, 3), dtype=np.uint8)
    blue[..., 0] = 255
    # without saturation 0.114 * 255 is left of pure blue
    assert jitter(blue, saturation=(0.0, 0.0))[0, 0].tolist() == [29, 29, 29]


def test_applied_at_random_as_configured() -> None:
    init_default_scope('mmseg')
    transform = Compose([
        dict(
            type='RandomApply',
            prob=0.5,
            transforms=[dict(type='ByteColorJitter', brightness=(0.5, 0.5))])
    ])
    image = np.full((2, 2, 3), 100, dtype=np.uint8)
    np.random.seed(0)
    levels = [transform(dict(img=image))['img'][0, 0, 0] for _ in range(200)]
    assert set(levels) == {50, 100} and 70 < levels.count(50) < 130


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match='uint8.*float32'):
        jitter(np.zeros((2, 2, 3), dtype=np.float32), brightness=0.5)
