from __future__ import annotations

import numpy as np
import pytest

from upocr_mm.apis.tiling import blend_weights, predict_tiles, tile_starts


def test_starts_by_hand() -> None:
    assert tile_starts(16, 16, 4) == [0]
    assert tile_starts(5, 16, 4) == [0]
    assert tile_starts(17, 16, 4) == [0, 1]
    assert tile_starts(28, 16, 4) == [0, 12]
    assert tile_starts(40, 16, 4) == [0, 12, 24]


@pytest.mark.parametrize('size, overlap', [(16, 0), (16, 4), (16, 8), (8, 3)])
def test_weights_sum_to_one(size: int, overlap: int) -> None:
    for length in range(1, 100):
        starts = tile_starts(length, size, overlap)
        total = np.zeros(max(length, size))
        for i, start in enumerate(starts):
            weights = blend_weights(starts, i, size, overlap)
            assert weights.min() >= 0
            total[start:start + size] += weights
        assert np.allclose(total, 1, atol=1e-5)
        assert all(b - a <= size - overlap for a, b in zip(starts, starts[1:]))


@pytest.mark.parametrize('size', [(77, 131), (1, 1), (1, 300), (16, 16)])
@pytest.mark.parametrize('batch_size', [1, 3])
def test_a_model_that_copies_gives_the_picture(size: tuple[int, int],
                                               batch_size: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    batches = []

    def predict(images: np.ndarray) -> dict[str, np.ndarray]:
        batches.append(len(images))
        assert images.dtype == np.float32 and images.shape[1:] == (3, 16, 16)
        return dict(same=images, negative=1 - images)

    found = predict_tiles(rgb, predict, 16, 8, batch_size)
    assert np.array_equal(found['same'], rgb)
    assert np.array_equal(found['negative'], 255 - rgb)
    assert max(batches) <= batch_size


def test_no_seams() -> None:
    """A model that sees a ramp in each tile a little brighter or darker."""
    rgb = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 40, 0)
    rgb = np.repeat(rgb, 3, 2)
    generator = np.random.default_rng(0)

    def predict(images: np.ndarray) -> dict[str, np.ndarray]:
        shift = generator.uniform(-0.05, 0.05, (len(images), 1, 1, 1))
        return dict(out=images + shift.astype(np.float32))

    jumps = {}
    for overlap in (0, 16):
        found = predict_tiles(rgb, predict, 32, overlap, 1)['out']
        jumps[overlap] = np.abs(np.diff(found.astype(int), axis=1)).max()
    # A step of the ramp is 1; 0.1 over 16 pixels adds 1.6 to it.
    assert jumps[16] <= 3 < 8 < jumps[0]
