import numpy as np
import pytest
from pytorch_fid.fid_score import calculate_frechet_distance

from upocr_mm.evaluation.functional import frechet_distance


def _features(seed, n, d, shift=0.):
    rng = np.random.RandomState(seed)
    # correlated, of different scales
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + shift


def _reference(first, second):
    return calculate_frechet_distance(
        first.mean(0), np.cov(first, rowvar=False), second.mean(0),
        np.cov(second, rowvar=False))


@pytest.mark.parametrize('n, m, d', [(300, 300, 20), (200, 90, 64)])
def test_equals_pytorch_fid(n, m, d):
    first, second = _features(0, n, d), _features(1, m, d, .5)
    expected = _reference(first, second)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_fewer_samples_than_features():
    """Exact where the matrix square root is of a singular product."""
    first, second = _features(0, 30, 200), _features(1, 40, 200, .1)
    # S1 S2 has the eigenvalues of the small matrix M M^T.
    x, y = ((f - f.mean(0)) / np.sqrt(len(f) - 1) for f in (first, second))
    m = x @ y.T
    trace = np.sqrt(np.clip(np.linalg.eigvalsh(m @ m.T), 0, None)).sum()
    difference = first.mean(0) - second.mean(0)
    expected = (
        difference @ difference + np.trace(np.cov(first, rowvar=False)) +
        np.trace(np.cov(second, rowvar=False)) - 2 * trace)
    value = frechet_distance(first, second)
    assert np.isfinite(value) and value == pytest.approx(expected, rel=1e-6)


def test_one_dimension_by_hand():
    # means 1 and 4, variances 2 and 8: 9 + 2 + 8 - 2 * 4
    assert frechet_distance(np.array([[0.], [2.]]),
                            np.array([[2.], [6.]])) == pytest.approx(11)


def test_same_set_and_symmetry():
    first, second = _features(2, 50, 80), _features(3, 60, 80)
    scale = np.trace(np.cov(first, rowvar=False))
    assert abs(frechet_distance(first, first)) < 1e-9 * scale
    assert frechet_distance(first, second) == pytest.approx(
        frechet_distance(second, first))


@pytest.mark.parametrize('shapes', [((5, 3), (5, 4)), ((1, 3), (5, 3)),
                                    ((5, ), (5, 3))])
def test_bad_shapes(shapes):
    with pytest.raises(ValueError, match='at least two samples'):
        frechet_distance(*(np.zeros(shape) for shape in shapes))
