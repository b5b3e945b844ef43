"""Pictures that are in the training and in the test data, maybe re-encoded.

The perceptual hash is pHash (Zauner, Implementation and benchmarking of
perceptual image hash functions, 2010): the signs, against their median, of
the low frequencies of a small gray copy.
"""
from __future__ import annotations
from typing import NamedTuple, Sequence

import cv2
import numpy as np
from PIL import Image

from ...utils import open_picture

SIDE = 32
HASH_SIDE = 8
BITS = HASH_SIDE**2
# A copy in another format, quality or size differs in a few of the 64 bits,
# other pictures in about half of them.
MAX_DISTANCE = 8
# Pictures of little content, such as empty pages, may share a hash: the small
# copies themselves must be alike as well.
MIN_CORRELATION = 0.9
# In gray levels. The hash of a picture without content would be one of noise.
MIN_DEVIATION = 2


class Fingerprint(NamedTuple):
    """What a picture is recognized by.

    Args:
        bits: Its perceptual hash, shape (64,), bool.
        thumbnail: Small gray copy, shape (32, 32), uint8.
    """
    bits: np.ndarray
    thumbnail: np.ndarray


class NearDuplicate(NamedTuple):
    """A held-out picture that is in the training data as well.

    Args:
        test_path: The held-out picture.
        train_path: The training picture that is most like it.
        distance: Bits in which their hashes differ, of 64.
        count: Training pictures that are like it.
    """
    test_path: str
    train_path: str
    distance: int
    count: int


def fingerprint(path: str) -> Fingerprint | None:
    """Take the fingerprint of an image file.

    Args:
        path: The file. Pixels are taken as stored.

    Returns:
        The fingerprint, or None if the picture is one plain surface.
    """
    with open_picture(path) as image:
        # Of a JPEG only as much is decoded as is needed.
        image.draft('L', (4 * SIDE, 4 * SIDE))
        small = image.convert('L').resize((SIDE, SIDE), Image.Resampling.BOX)
    thumbnail = np.asarray(small)
    if thumbnail.std() < MIN_DEVIATION:
        return None
    low = cv2.dct(thumbnail.astype(np.float32))[:HASH_SIDE, :HASH_SIDE]
    return Fingerprint((low > np.median(low)).ravel(), thumbnail)


def find_near_duplicates(
        train: Sequence[tuple[str, Fingerprint]],
        test: Sequence[tuple[str, Fingerprint]],
        max_distance: int = MAX_DISTANCE) -> list[NearDuplicate]:
    """Find held-out pictures that are in the training data as well.

    Found are copies in another format, quality, size or brightness, also with
    small changes such as other digits; not those with a large word more or
    less, nor crops, nor mirrored or rotated ones.

    Args:
        train: Path and fingerprint of each training picture.
        test: Those of the held-out pictures.
        max_distance: Bits, of 64, in which the hashes may differ.

    Returns:
        The held-out pictures, in their order, each with the training picture
        that is most like it.
    """
    if not train or not test:
        return []
    train_bits = _signs(train)
    train_small = _standardized(train)
    pairs = []
    for first in range(0, len(test), 256):  # bounds the memory
        block = test[first:first + 256]
        distances = (BITS - _signs(block) @ train_bits.T) / 2
        small = _standardized(block)
        for i, (path, _) in enumerate(block):
            near = np.flatnonzero(distances[i] <= max_distance)
            alike = train_small[near] @ small[i]
            near = near[alike >= MIN_CORRELATION]
            if near.size:
                best = near[distances[i, near].argmin()]
                pairs.append(
                    NearDuplicate(path, train[best][0],
                                  int(distances[i, best]), near.size))
    return pairs


def _signs(pictures: Sequence[tuple[str, Fingerprint]]) -> np.ndarray:
    bits = np.stack([found.bits for _, found in pictures])
    return np.where(bits, 1, -1).astype(np.float32)


def _standardized(pictures: Sequence[tuple[str, Fingerprint]]) -> np.ndarray:
    """Small copies (N, 1024) whose products are their correlations."""
    small = np.stack([found.thumbnail for _, found in pictures])
    small = small.reshape(len(small), -1).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    return small / np.linalg.norm(small, axis=1, keepdims=True)
