"""Fréchet distance between two sets of features (FID, Heusel et al., 2017)."""
from __future__ import annotations

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance between Gaussians fitted to two sets.

    ``|m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr (S1 S2)^(1/2)``. With centerd
    features ``X``, ``Y`` such that ``S1 = X^T X`` and ``S2 = Y^T Y``, the
    eigenvalues of ``S1 S2`` are the squared singular values of ``X Y^T``, so
    the last trace is the nuclear norm of that matrix. This is exact and
    finite for any number of samples, where a matrix square root of the
    product, singular if there are fewer samples than features, fails.

    Args:
        first: Features of shape (N, D), N >= 2.
        second: Features of shape (M, D), M >= 2.

    Returns:
        The distance, >= 0 up to rounding.

    Raises:
        ValueError: If the shapes do not fit or a set has less than two
            samples.
    """
    if (first.ndim != 2 or second.ndim != 2
            or first.shape[1] != second.shape[1]
            or min(len(first), len(second)) < 2):
        raise ValueError('the Fréchet distance needs two sets of at least two '
                         'samples with equally many features, but got the '
                         f'shapes {first.shape} and {second.shape}')
    first, second = first.astype(np.float64), second.astype(np.float64)
    difference = first.mean(0) - second.mean(0)
    first, second = _root(first), _root(second)
    trace = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    return float(difference @ difference + (first**2).sum() +
                 (second**2).sum() - 2 * trace)


def _root(features: np.ndarray) -> np.ndarray:
    """A matrix with at most D rows whose ``X^T X`` is the covariance."""
    centerd = (features - features.mean(0)) / np.sqrt(len(features) - 1)
    if len(centerd) > centerd.shape[1]:
        return np.linalg.qr(centerd, mode='r')
    return centerd
