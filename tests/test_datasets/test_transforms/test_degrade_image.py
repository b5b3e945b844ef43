from __future__ import annotations

import cv2
import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

import upocr_mm.datasets  # noqa: F401


@pytest.fixture
def image() -> np.ndarray:
    rng = np.random.RandomState(0)
    rough = rng.randint(0, 256, (6, 8, 3)).astype(np.uint8)
    image = cv2.resize(rough, (80, 60), interpolation=cv2.INTER_CUBIC)
    image[20:30, 20:30] = 0  # edges
    return image


def degrade(image: np.ndarray,
            kind: str,
            amount: float,
            path: str = 'a/1.jpg') -> np.ndarray:
    transform = TRANSFORMS.build(
        dict(type='DegradeImage', kind=kind, amount=amount))
    before = image.copy()
    results = transform(dict(img=image, img_path=path, gt_image=image))
    assert np.array_equal(image, before) and results['gt_image'] is image
    assert results['img'].shape == image.shape
    assert results['img'].dtype == np.uint8
    return results['img'].astype(int)


def error(image: np.ndarray, kind: str, amount: float) -> float:
    return np.abs(degrade(image, kind, amount) - image.astype(int)).mean()


@pytest.mark.parametrize('kind, amounts', [
    ('jpeg', (100, 70, 30)),
    ('resize', (.9, .5, .25)),
    ('blur', (.5, 1, 3)),
    ('noise', (2, 10, 40)),
])
def test_more_is_worse(image: np.ndarray, kind: str, amounts: tuple) -> None:
    errors = [error(image, kind, amount) for amount in amounts]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_jpeg_is_what_a_file_would_hold(image: np.ndarray, tmp_path) -> None:
    file = str(tmp_path / 'x.jpg')
    cv2.imwrite(file, image, [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert np.array_equal(degrade(image, 'jpeg', 60), cv2.imread(file))


def test_noise_has_its_deviation_and_belongs_to_the_file() -> None:
    image = np.full((100, 100, 3), 128, np.uint8)
    noisy = degrade(image, 'noise', 10)
    assert (noisy - 128).std() == pytest.approx(10, rel=.03)
    assert np.array_equal(noisy, degrade(image, 'noise', 10, 'b/1.jpg'))
    assert not np.array_equal(noisy, degrade(image, 'noise', 10, 'a/2.jpg'))


def test_resize_of_one_changes_nothing(image: np.ndarray) -> None:
    assert np.array_equal(degrade(image, 'resize', 1), image)


@pytest.mark.parametrize('kind, amount', [('jpeg', 0), ('jpeg', 101),
                                          ('resize', 0), ('blur', 0),
                                          ('noise', -1)])
def test_bad_amount(kind: str, amount: float) -> None:
    with pytest.raises(ValueError, match=f'amount of {kind} must be in'):
        TRANSFORMS.build(dict(type='DegradeImage', kind=kind, amount=amount))


def test_bad_kind() -> None:
    with pytest.raises(ValueError, match="got 'rain'"):
        TRANSFORMS.build(dict(type='DegradeImage', kind='rain', amount=1))
