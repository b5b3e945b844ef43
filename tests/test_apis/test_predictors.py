from __future__ import annotations
from typing import Sequence

import numpy as np
import pytest

from upocr_mm.apis.predictors import BasePredictor, TTAPredictor

TASKS = ('text_removal', 'tampered_text_detection', 'text_segmentation')
SIZE = 64


class Recorder(BasePredictor):
    """Draws the picture itself, and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__('recorder', TASKS)
        self.seen: list[np.ndarray] = []

    def __call__(self, images: np.ndarray,
                 tasks: Sequence[str]) -> dict[str, np.ndarray]:
        self.seen.append(images)
        return {task: images for task in tasks}


@pytest.fixture
def ramps() -> np.ndarray:
    """Two pictures, each channel a slope of its own, (2, 3, SIZE, SIZE)."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
    return np.stack([np.stack([x, y, x * y]), np.stack([y, x, 1 - x])])


def test_augmentation_gives_back_what_is_drawn(ramps: np.ndarray) -> None:
    """Mirrored and reduced outputs lie where the picture does."""
    outputs = TTAPredictor(Recorder())(ramps, TASKS)
    assert tuple(outputs) == TASKS
    for task, output in outputs.items():
        assert output.shape == ramps.shape and output.dtype == np.float32
        assert np.abs(output - ramps).max() < 0.01
    assert np.array_equal(outputs['tampered_text_detection'], ramps)


def test_views_of_augmentation(ramps: np.ndarray) -> None:
    """The picture, its mirror image, and both at three quarters."""
    recorder = Recorder()
    TTAPredictor(recorder)(ramps, ['text_removal'])
    picture, mirrored, small, small_mirrored = recorder.seen
    assert np.array_equal(picture, ramps)
    assert np.array_equal(mirrored, ramps[..., ::-1])
    assert np.array_equal(small_mirrored, small[..., ::-1])
    # 48 of 64 columns from 0 to 1, the border continued
    assert np.ptp(small[0, 0, 32, :9]) == 0
    slope = np.diff(small[0, 0, 32, 9:55])
    assert slope == pytest.approx(np.full(45, 1 / 48), abs=2e-3)


def test_tampering_is_not_reduced(ramps: np.ndarray) -> None:
    recorder = Recorder()
    TTAPredictor(recorder)(ramps, ['tampered_text_detection'])
    assert len(recorder.seen) == 2


def test_outputs_far_outside_do_not_outvote(ramps: np.ndarray) -> None:

    class Loud(Recorder):

        def __call__(self, images: np.ndarray,
                     tasks: Sequence[str]) -> dict[str, np.ndarray]:
            super().__call__(images, tasks)
            value = 9. if len(self.seen) == 1 else 0.
            return {task: np.full_like(images, value) for task in tasks}

    outputs = TTAPredictor(Loud())(ramps, TASKS)
    assert outputs['tampered_text_detection'] == pytest.approx(0.5)
    assert outputs['text_removal'] == pytest.approx(0.25)
