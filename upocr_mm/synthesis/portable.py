"""Arithmetic that gives the same bits with every version of NumPy.

Additions, multiplications, divisions and square roots are rounded alike
everywhere. NumPy's other functions of arrays, its sums and its matrix
products are not; OpenCV's and Python's are used in their place.
"""
from __future__ import annotations
import math

import cv2
import numpy as np

LUMINANCE = np.float32([[0.299, 0.587, 0.114]])


def luminance(image: np.ndarray) -> np.ndarray:
    """Brightness of an RGB image.

    Args:
        image: float32 (H, W, 3).

    Returns:
        float32 (H, W).
    """
    return cv2.transform(image, LUMINANCE).reshape(image.shape[:2])


def mean(values: np.ndarray) -> float:
    """Mean of a float32 array (H, W) or (N, )."""
    return float(cv2.mean(np.ascontiguousarray(values))[0])


def deviation(values: np.ndarray) -> float:
    """Standard deviation of a float32 array (H, W), at least 1e-6."""
    return max(float(cv2.meanStdDev(values)[1][0, 0]), 1e-6)


def step(values: np.ndarray) -> np.ndarray:
    """A soft step from -1 to 1, 0 at 0."""
    return values / (1 + np.abs(values))


def rotation(degrees: float) -> np.ndarray:
    """Matrix (2, 2) that turns row vectors (x, y) clockwise."""
    radians = math.radians(degrees)
    cosine, sine = math.cos(radians), math.sin(radians)
    return np.array([[cosine, sine], [-sine, cosine]])


def turn(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``points @ matrix`` for points (N, 2)."""
    return points[:, :1] * matrix[0] + points[:, 1:] * matrix[1]
