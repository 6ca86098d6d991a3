"""Which frames only repeat the one before, amid motion, and the pattern they make.

Used by :mod:`repeated_frames`, which judges it, and :mod:`frozen_frames`, which leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.evidence import Evidence

# A repeat changes by this share of what the changes beside it are: encoding leaves some.
_REPEAT_SHARE = 0.22
# Where the picture changes by less than this, in levels, there is no motion to stand out from.
_LEAST_CHANGE = 8.0
# Drawn on fours is the slowest that is usual; a longer run is a held pose.
_LONGEST_RUN = 3
_PERIODS = range(2, 13)
_AGREEMENT = 0.85


@dataclass(frozen=True, eq=False)
class Repeats:
    """Frames that repeat the one before.

    Attributes
    ----------
    repeats : (F-1,) bool
        Whether frame n + 1 repeats frame n.
    period : int
        The pattern comes again after so many frames; 0 without a pattern.
    in_period : int
        Repeats within one period.
    """

    repeats: NDArray[np.bool_]
    period: int
    in_period: int

    @property
    def share(self) -> float:
        """Share of the frames that are repeats, 0 to 1."""
        return float(self.repeats.mean()) if len(self.repeats) else 0.0


def find_repeats(evidence: Evidence) -> Repeats:
    """Repeats in runs of at most three, with motion on both sides.

    A single repeat counts wherever it is, a longer run only where it is part of a pattern:
    otherwise something stops there.
    """
    change = evidence.greatest_change
    low = _low(change)
    runs = [run for run in _runs(low) if _stands_out(change, run)]
    marked = np.zeros(len(change), np.bool_)
    for start, stop in runs:
        marked[start:stop] = True
    period, in_period = _pattern(marked)
    if not period:
        for start, stop in runs:
            marked[start:stop] = stop - start == 1
    return Repeats(marked, period, in_period)


def _low(change: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each change is far below the greatest ones on both sides of it."""
    low = np.zeros(len(change), np.bool_)
    reach = _LONGEST_RUN + 1
    for place in range(1, len(change) - 1):
        before = float(change[max(0, place - reach) : place].max())
        after = float(change[place + 1 : place + 1 + reach].max())
        beside = min(before, after)
        low[place] = beside >= _LEAST_CHANGE and change[place] <= _REPEAT_SHARE * beside
    return low


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def _stands_out(change: NDArray[np.float32], run: tuple[int, int]) -> bool:
    # Motion that slows down and turns round has low changes too, but not right beside full ones.
    start, stop = run
    if stop - start > _LONGEST_RUN:
        return False
    beside = min(float(change[start - 1]), float(change[stop]))
    return float(change[start:stop].max()) <= 1.6 * _REPEAT_SHARE * beside


def _pattern(marked: NDArray[np.bool_]) -> tuple[int, int]:
    """The shortest period that explains the marks, and the marks in it; (0, 0) without one."""
    places = np.flatnonzero(marked)
    if len(places) < 3:
        return 0, 0
    # Within the first and last mark: a clip may begin or end with a still.
    inner = marked[places[0] : places[-1] + 1]
    for period in _PERIODS:
        if len(inner) < 2 * period:
            break
        phases = [inner[phase::period] for phase in range(period)]
        pattern = np.array([phase.mean() >= 0.5 for phase in phases])
        agrees = np.mean([(p == q).mean() for p, q in zip(phases, pattern, strict=True)])
        if 0 < pattern.sum() < period and agrees >= _AGREEMENT:
            hit = np.array([p.mean() for p, q in zip(phases, pattern, strict=True) if q])
            if hit.mean() >= _AGREEMENT:
                return period, int(pattern.sum())
    return _nearly_regular(places)


def _nearly_regular(places: NDArray[np.intp]) -> tuple[int, int]:
    """Single repeats at nearly the same distance, as from 25 to 29.97 frames a second."""
    gaps = np.diff(places)
    usual = int(np.median(gaps))
    regular = usual >= 2 and (np.abs(gaps - usual) <= 1).mean() >= _AGREEMENT
    return (usual, 1) if regular else (0, 0)
