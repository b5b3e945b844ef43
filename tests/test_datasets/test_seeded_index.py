import random

import numpy as np
import pytest
import torch

from upocr_mm.datasets.seeded_index import seeded_randomness


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_equal_seeds_give_equal_numbers():
    with seeded_randomness(5):
        first = draw()
    with seeded_randomness(6):
        other = draw()
    with seeded_randomness(5):
        again = draw()
    assert first == again
    assert all(a != b for a, b in zip(first, other))


@pytest.mark.parametrize('fail', [False, True])
def test_former_states_come_back(fail):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    try:
        with seeded_randomness(2**32 - 1):
            draw()
            if fail:
                raise KeyError
    except KeyError:
        pass
    assert draw() == expected
