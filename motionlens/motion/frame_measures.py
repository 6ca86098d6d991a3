"""What is measured of single frames: black bars and blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.grids import Grey, computing_size, shrink
from motionlens.motion.opencv import cv2

# Luma up to here is black: 16 is what studio black becomes where its range was not expanded.
BLACK_LEVEL = 20.0
# A bar is even: its brightest pixel ever lies at most this much over black (ringing of codecs).
_RINGING_LEVELS = 28.0
# The picture inside of a bar begins within this many rows, and is this much brighter.
_STEP_ROWS, _STEP_LEVELS = 3, 12.0
# A clip that is dark to its last row has no bars, only night.
_LEAST_INSIDE = 0.1
# At this size codecs' blocks and rounding to levels, which look sharp, are gone.
_BLUR_SIDE = 160
_REBLUR = 9
# Only the strongest edges count: a sharp thing before a soft wall is no blurred picture.
_STRONGEST = 0.98


@dataclass(frozen=True)
class Bars:
    """Black bars as shares of the height (top, bottom) and of the width (left, right)."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0

    @property
    def share(self) -> float:
        """Share of the picture's area that is bars, 0 to 1."""
        return 1 - max(0.0, 1 - self.top - self.bottom) * max(0.0, 1 - self.left - self.right)

    def without(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture (h, w, ...) that is inside of the bars."""
        height, width = image.shape[:2]
        top, bottom = round(self.top * height), height - round(self.bottom * height)
        left, right = round(self.left * width), width - round(self.right * width)
        return image[top : max(bottom, top + 1), left : max(right, left + 1)]


class BarWatch:
    """Keeps the brightest that each row and column has ever been."""

    def __init__(self) -> None:
        self._rows: NDArray[np.float32] | None = None
        self._columns: NDArray[np.float32] | None = None

    def add(self, image: Grey) -> None:
        """Take a frame, (h, w) uint8; all of one size."""
        rows, columns = _profile(image, 1), _profile(image, 0)
        if self._rows is not None and self._columns is not None:
            rows, columns = np.maximum(self._rows, rows), np.maximum(self._columns, columns)
        self._rows, self._columns = rows, columns

    def result(self) -> Bars:
        """The bars that were black in every frame."""
        if self._rows is None or self._columns is None:
            return Bars()
        top, bottom = _ends(self._rows)
        left, right = _ends(self._columns)
        return Bars(top, bottom, left, right)


def _profile(image: Grey, axis: int) -> NDArray[np.float32]:
    """(2, n): mean and greatest level along an axis."""
    mean = cv2.reduce(image, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
    most = cv2.reduce(image, axis, cv2.REDUCE_MAX).ravel().astype(np.float32)
    return np.stack([np.asarray(mean, np.float32), most])


def _ends(profile: NDArray[np.float32]) -> tuple[float, float]:
    mean, most = profile
    black = (mean <= BLACK_LEVEL) & (most <= BLACK_LEVEL + _RINGING_LEVELS)
    if (~black).mean() < _LEAST_INSIDE:
        return 0.0, 0.0
    return _length(black, mean), _length(black[::-1], mean[::-1])


def _length(black: NDArray[np.bool_], mean: NDArray[np.float32]) -> float:
    bar = int(np.argmin(black))  # the first row that is not black
    if bar == 0:
        return 0.0
    inside = float(mean[bar : bar + _STEP_ROWS].max())
    # Vignettes and night skies darken gradually; a bar ends at a line.
    if inside - float(mean[:bar].max()) < _STEP_LEVELS:
        return 0.0
    return bar / len(black)


def blur_of(image: Grey) -> float:
    """How little a picture loses by blurring it once more: 0 sharp, 1 without any detail.

    The metric of Crete, Dolmiere, Ladret and Nicolas ("The blur effect", SPIE 6492, 2007): the
    share of neighbouring differences that survive a mean over 9 px, the worse of both directions.
    Here of the strongest fiftieth of them, in the picture at 160 px on the longer side.
    """
    size = computing_size(image.shape[0], image.shape[1], _BLUR_SIDE)
    values = shrink(image, size).astype(np.float32)
    return max(_blur_along(values, (_REBLUR, 1), 1), _blur_along(values, (1, _REBLUR), 0))


def _blur_along(values: NDArray[np.float32], kernel: tuple[int, int], axis: int) -> float:
    if values.shape[axis] < 2:
        return 0.0
    again = np.asarray(cv2.blur(values, kernel), np.float32)
    sharp = np.abs(np.diff(values, axis=axis))
    strong = sharp >= np.quantile(sharp, _STRONGEST)
    lost = np.maximum(0, sharp - np.abs(np.diff(again, axis=axis)))[strong]
    total = float(sharp[strong].sum())
    return 1 - float(lost.sum()) / total if total > 0 else 1.0
