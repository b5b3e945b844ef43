from __future__ import annotations

import cv2
import numpy as np

from .portable import rotation, turn


class Warp:
    """How a flat canvas lies in a picture: perspective, and a curve.

    A point (x, y) of the canvas is first moved up or down by an arc or a
    wave along x, then mapped by a homography.

    Args:
        homography: (3, 3), from the canvas to the picture, in pixels.
        arc: Rise of an arc in its middle, in pixels of the canvas.
        wave: Height of a wave, in pixels of the canvas.
        width: Width of the canvas.
        phase: Where the wave begins, in radians.
        periods: Waves along the canvas.
    """

    def __init__(self,
                 homography: np.ndarray,
                 arc: float = 0.,
                 wave: float = 0.,
                 width: int = 1,
                 phase: float = 0.,
                 periods: float = 1.) -> None:
        self.homography = homography
        self.arc = arc
        self.wave = wave
        self.width = width
        self.phase = phase
        self.periods = periods

    @property
    def curved(self) -> bool:
        """Whether straight lines of the canvas become curves."""
        return bool(self.arc or self.wave)

    def _rise(self, x: np.ndarray) -> np.ndarray:
        place = 2 * x / self.width - 1
        rise = -self.arc * (1 - place**2)
        if self.wave:
            angle = self.phase + np.pi * self.periods * place
            sine = cv2.polarToCart(np.ones_like(angle), angle)[1]
            rise = rise + self.wave * sine.reshape(place.shape)
        return rise

    def points(self, points: np.ndarray) -> np.ndarray:
        """Map points of the canvas into the picture.

        Args:
            points: (N, 2), x and y.
        """
        x, y = np.asarray(points, np.float64).T
        y = y + self._rise(x)
        u, v, w = (a * x + b * y + c for a, b, c in self.homography)
        return np.stack([u / w, v / w], 1)

    def quadrilateral(self, box: tuple[float, float, float,
                                       float]) -> np.ndarray:
        """Where a rectangle of the canvas lies in the picture.

        Args:
            box: x1, y1, x2, y2.

        Returns:
            Corners (4, 2), clockwise from the top left; with a curve (34, 2).
        """
        x1, y1, x2, y2 = box
        xs = np.linspace(x1, x2, 17 if self.curved else 2)
        upper = np.stack([xs, np.full_like(xs, y1)], 1)
        lower = np.stack([xs[::-1], np.full_like(xs, y2)], 1)
        return self.points(np.concatenate([upper, lower]))

    def window(self, canvas: tuple[int, int],
               size: tuple[int, int]) -> tuple[slice, slice] | None:
        """Rows and columns of the picture that the canvas lies in.

        Args:
            canvas: Width and height of the canvas.
            size: Height and width of the picture.

        Returns:
            None if they do not meet.
        """
        corners = self.quadrilateral((0, 0, *canvas))
        extra = abs(self.arc) + abs(self.wave) + 1
        low = np.floor(corners.min(0) - extra).astype(int)
        high = np.ceil(corners.max(0) + extra).astype(int) + 1
        x1, y1 = low.clip(0)
        x2, y2 = min(high[0], size[1]), min(high[1], size[0])
        if x1 >= x2 or y1 >= y2:
            return None
        return slice(y1, y2), slice(x1, x2)

    def maps(self, window: tuple[slice,
                                 slice]) -> tuple[np.ndarray, np.ndarray]:
        """For each pixel of a window its place on the canvas.

        Returns:
            x and y, float32 (rows, columns) each, for ``cv2.remap``.
        """
        rows, columns = window
        v, u = np.mgrid[rows.start:rows.stop,
                        columns.start:columns.stop].astype(np.float64)
        inverse = cv2.invert(self.homography)[1]
        w = inverse[2, 0] * u + inverse[2, 1] * v + inverse[2, 2]
        # Behind the horizon of a strong perspective there is nothing.
        w = np.where(np.abs(w) < 1e-9, 1e-9, w)
        x = (inverse[0, 0] * u + inverse[0, 1] * v + inverse[0, 2]) / w
        y = (inverse[1, 0] * u + inverse[1, 1] * v + inverse[1, 2]) / w
        if self.curved:
            inside = x.clip(0, self.width)
            y = y - self._rise(inside)
        return x.astype(np.float32), y.astype(np.float32)


def place(canvas: tuple[int, int], center: tuple[float, float], scale: float,
          angle: float, corners: np.ndarray) -> np.ndarray:
    """The homography that puts a canvas into a picture.

    Args:
        canvas: Its width and height.
        center: Where its center goes, x and y.
        scale: Pixels of the picture for one of the canvas.
        angle: Rotation in degrees, clockwise.
        corners: Displacements (4, 2) of its corners as parts of its shorter
            side, clockwise from the top left: perspective.

    Returns:
        (3, 3).
    """
    width, height = canvas
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    moved = flat - (width / 2, height / 2) + corners * min(width, height)
    moved = scale * turn(moved, rotation(angle)) + center
    return cv2.getPerspectiveTransform(
        flat.astype(np.float32), moved.astype(np.float32)).astype(np.float64)
