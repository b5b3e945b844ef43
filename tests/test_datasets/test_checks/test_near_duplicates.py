from __future__ import annotations

import cv2
import numpy as np
import pytest

from upocr_mm.datasets.checks import find_near_duplicates
from upocr_mm.datasets.checks.near_duplicates import fingerprint


def picture(seed: int, shape=(96, 128)) -> np.ndarray:
    """Soft random blobs, as little like each other as photographs."""
    noise = np.random.RandomState(seed).randint(0, 256, (6, 8, 3))
    return cv2.resize(
        noise.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_CUBIC)


def write(path, image, quality=None) -> tuple:
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality] if quality else []
    assert cv2.imwrite(str(path), image, parameters)
    return str(path), fingerprint(str(path))


@pytest.fixture
def train(tmp_path):
    return [write(tmp_path / f'{i}.png', picture(i)) for i in range(20)]


def with_digit(image):
    return cv2.putText(image.copy(), '7', (40, 60), 0, 0.5, (0, 0, 0), 1)


@pytest.mark.parametrize('name,change', [
    ('same.png', lambda image: image),
    ('other.jpg', lambda image: image),
    ('half.jpg', lambda image: image[::2, ::2]),
    ('square.png', lambda image: cv2.resize(image, (100, 100))),
    ('digit.png', with_digit),
    ('bright.png', lambda image: cv2.convertScaleAbs(image, None, 0.8, 30)),
])
def test_copies_are_found(tmp_path, train, name, change):
    copy = write(tmp_path / name, change(picture(7)),
                 40 if name.endswith('.jpg') else None)
    found, = find_near_duplicates(train, [copy])
    assert found.test_path == copy[0] and found.train_path == train[7][0]
    assert found.count == 1 and found.distance <= 8
    assert found.distance == (copy[1].bits != train[7][1].bits).sum()


def test_other_pictures_are_not_found(tmp_path, train):
    others = [
        write(tmp_path / f'other{i}.jpg', picture(100 + i)) for i in range(300)
    ]
    assert find_near_duplicates(train, others) == []
    others.insert(270, train[3])  # beyond one block
    found, = find_near_duplicates(train, others)
    assert found.train_path == train[3][0] and found.distance == 0


def test_the_nearest_of_several_is_named(tmp_path, train):
    train.insert(0, write(tmp_path / 'digit.png', with_digit(picture(7))))
    train.append(write(tmp_path / 'again.png', picture(7)))
    found, = find_near_duplicates(train, [train[8]])
    assert found.count == 3 and found.distance == 0
    assert found.train_path == train[8][0]


def test_a_plain_surface_has_no_fingerprint(tmp_path):
    plain = np.full((50, 50, 3), 200, np.uint8)
    assert write(tmp_path / 'plain.png', plain)[1] is None


def test_the_same_hash_is_not_enough(tmp_path, train):
    """Equal bits, but the small copies are opposites."""
    path, own = train[0]
    other = own._replace(thumbnail=255 - own.thumbnail)
    assert find_near_duplicates(train, [(path, other)]) == []


def test_nothing_to_compare(train):
    assert find_near_duplicates([], train) == []
    assert find_near_duplicates(train, []) == []


def test_distance_zero_finds_less(tmp_path, train):
    copy = write(tmp_path / 'digit.png', with_digit(picture(7)))
    assert find_near_duplicates(train, [copy], max_distance=0) == []
