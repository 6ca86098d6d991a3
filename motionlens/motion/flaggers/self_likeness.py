"""A clip compared with itself: where it plays backwards, and where it comes again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Under this mean difference of its frames, in levels, a clip says nothing about itself.
LEAST_LEVELS = 1.5
_LEAST_FRAMES = 6
_LEAST_SHARE = 1 / 6
# Frames nearer than this look alike in any clip.
_NEAR = 3


@dataclass(frozen=True)
class Likeness:
    """Two stretches of a clip that show the same.

    Attributes
    ----------
    ratio : float
        Their mean difference as a share of how much the frames in them differ otherwise; 0 the
        same, about 1 unrelated.
    at : int
        First frame of the later stretch.
    frames : int
        Length of the later stretch.
    """

    ratio: float
    at: int
    frames: int


_NONE = Likeness(1.0, 0, 0)


def mirrored_end(apart: NDArray[np.float32]) -> Likeness:
    """The best axis in time about which the clip's end plays backwards what came before it.

    Parameters
    ----------
    apart : (T, T) float32
        Difference of any two frames, levels.
    """
    count = len(apart)
    least = max(_LEAST_FRAMES, round(_LEAST_SHARE * count))
    sums = _prefix_sums(apart)
    best = _NONE
    # Frames i and j mirror each other where i + j = axis, and j runs to the last frame.
    for axis in range(count - 1, 2 * (count - 1) - 2 * least + 1):
        first = axis // 2 + 1
        later = np.arange(first, count)
        earlier = axis - later
        far = later - earlier >= _NEAR
        if far.sum() < least - 2:
            continue
        ratio = _against(apart[earlier[far], later[far]], sums, int(earlier[-1]), first)
        if ratio < best.ratio:
            best = Likeness(ratio, first, count - first)
    return best


def repetition(apart: NDArray[np.float32]) -> Likeness:
    """The lag after which the clip shows the same again, to its end."""
    count = len(apart)
    least = max(_LEAST_FRAMES, round(_LEAST_SHARE * count))
    sums = _prefix_sums(apart)
    best = _NONE
    for lag in range(least, count - least + 1):
        ratio = _against(np.diagonal(apart, lag), sums, 0, count - lag)
        if ratio < best.ratio:
            best = Likeness(ratio, lag, count - lag)
    return best


def joined_ends(apart: NDArray[np.float32]) -> tuple[float, float, float]:
    """How the last frame leads over to the first.

    Returns
    -------
    gap : float
        Difference of the last frame and the first, levels.
    step : float
        Usual difference of a frame and the next.
    away : float
        Median difference of the first frame and those in the clip's middle half.
    """
    count = len(apart)
    if count < 2 * _LEAST_FRAMES:
        return 1.0, 1.0, 0.0
    step = float(np.median(np.diagonal(apart, 1)))
    away = float(np.median(apart[0, count // 4 : count - count // 4]))
    return float(apart[-1, 0]), step, away


def _against(pairs: NDArray[np.float32], sums: NDArray[np.float64], start: int, stop: int) -> float:
    """Mean difference of pairs, over that of all frames from `start` to `stop`."""
    length = stop - start
    if length < 3:
        return 1.0
    inside = sums[stop, stop] - sums[start, stop] - sums[stop, start] + sums[start, start]
    usual = float(inside) / (length * (length - 1))
    return float(pairs.mean()) / usual if usual >= LEAST_LEVELS else 1.0


def _prefix_sums(apart: NDArray[np.float32]) -> NDArray[np.float64]:
    sums = np.zeros((len(apart) + 1, len(apart) + 1))
    sums[1:, 1:] = apart.cumsum(0, dtype=np.float64).cumsum(1)
    return sums
