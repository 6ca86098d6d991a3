"""The range of a clip's motion, gathered frame by frame, that its mask is scaled by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A clip in which no vector reaches this length is without motion, px of the grid that the flow is
# computed on.
NOISE_FLOOR_PX = 0.2
# Equation 13 of arXiv 2601.08828: keeps the division defined.
ZETA = 1e-6
# Robust scaling: per cent of all vectors of a clip.
LOW_PERCENT, HIGH_PERCENT = 1.0, 99.0
_MOST = 65504.0  # of float16

Lengths = NDArray[np.float32]


class Levels:
    """Minimum and maximum, or percentiles, of lengths that are never all in memory.

    Parameters
    ----------
    robust : bool
        Percentiles 1 and 99 instead of the extremes. They are counted by the bits of float16,
        which order as the numbers do: exact to one part in 2048, in a quarter of a megabyte.
    least : float
        What becomes 1 is at least so long, px.
    """

    def __init__(self, robust: bool = False, least: float = 0.0) -> None:
        self.least = least
        self._counts = np.zeros(1 << 15, np.int64) if robust else None
        self._low, self.most = np.inf, 0.0

    def add(self, length: Lengths) -> None:
        """The lengths of one more frame, px, none negative."""
        self._low = min(self._low, float(length.min()))
        self.most = max(self.most, float(length.max()))
        if self._counts is not None:
            bits = np.minimum(length, _MOST).astype(np.float16).view(np.uint16)
            self._counts += np.bincount(bits.ravel(), minlength=len(self._counts))

    def range(self) -> tuple[float, float]:
        """What becomes 0 and what becomes 1."""
        if self._counts is None or not self._counts.any():
            return (self._low if np.isfinite(self._low) else 0.0), max(self.most, self.least)
        reached = np.cumsum(self._counts)
        low, high = (
            int(np.searchsorted(reached, max(1, np.ceil(percent / 100 * reached[-1]))))
            for percent in (LOW_PERCENT, HIGH_PERCENT)
        )
        ends = np.array([low, high], np.uint16).view(np.float16).astype(float)
        return float(ends[0]), max(float(ends[1]), self.least)

    def weights(self, length: Lengths) -> Lengths:
        """The mask of one frame: (h, w) float32 in [0, 1]."""
        low, high = self.range()
        scaled = (length - np.float32(low)) / np.float32(high - low + ZETA)
        return np.asarray(scaled if self._counts is None else np.clip(scaled, 0, 1), np.float32)
